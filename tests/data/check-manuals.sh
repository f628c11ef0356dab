#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# A manual page has nothing that groff, or man, warns of.
set -eu

for page; do
  warnings=$(groff -t -man -Tutf8 -Kutf8 -ww -z "$page" 2>&1)
  warnings+=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --local-file "$page" 2>&1 >/dev/null)
  if [ -n "$warnings" ]; then
    echo "$page: $warnings" >&2
    exit 1
  fi
done
