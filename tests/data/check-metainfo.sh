#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# check-metainfo.sh METAINFO LINGUAS: the metainfo has nothing that AppStream hints at, and it is
# translated.
set -eu

metainfo=$1

# The one hint that stays: the id is the name on the bus, and that has an upper-case letter.
hints=$(appstreamcli validate --no-net --pedantic --no-color "$metainfo" |
  grep -E '^[EWIP]:' | grep -v 'cid-contains-uppercase-letter' || true)
if [ -n "$hints" ]; then
  echo "$hints" >&2
  exit 1
fi
appstreamcli validate --no-net "$metainfo"

grep -v '^#' "$2" | while read -r language; do
  grep -q "<summary xml:lang=\"$language\">" "$metainfo"
done
