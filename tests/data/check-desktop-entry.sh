#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# check-desktop-entry.sh ENTRY LINGUAS ICON...: the desktop entry is valid, translated, and its
# icon is there.
set -eu

entry=$1
languages=$2
shift 2

complaints=$(desktop-file-validate "$entry")
if [ -n "$complaints" ]; then
  echo "$complaints" >&2
  exit 1
fi
grep -v '^#' "$languages" | while read -r language; do
  grep -q "^Comment\[$language\]=" "$entry"
done

icon=$(sed -n 's/^Icon=//p' "$entry")
for file; do
  grep -q '<svg ' "$file"
  basename "$file" .svg
done | LC_ALL=C sort | diff - <(printf '%s\n' "$icon" "$icon-symbolic" | LC_ALL=C sort)
