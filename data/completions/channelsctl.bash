# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash

# What can stand there the program itself knows: see src/ctl/channels-ctl-complete.c.
_channelsctl() {
  local word=${COMP_WORDS[COMP_CWORD]} line

  [ "$word" != = ] || word=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :directories) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
      :files) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
    [[ $line != :* ]] || compopt -o filenames 2>/dev/null || true
  done < <("$1" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -F _channelsctl channelsctl
