#compdef channelsctl
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# What can stand there the program itself knows: see src/ctl/channels-ctl-complete.c.
local -a lines offers
local line

lines=("${(@f)$("$words[1]" --complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
for line in $lines; do
  case $line in
    :directories) _directories && return ;;
    :files) _files && return ;;
    *) offers+=("${line%%$'\t'*}:${line#*$'\t'}") ;;
  esac
done

_describe channelsctl offers
