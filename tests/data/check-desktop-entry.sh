#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# The desktop entry is valid, translated, and its icon is there.
set -eu

entry=$1
shift

complaints=$(desktop-file-validate "$entry")
if [ -n "$complaints" ]; then
  echo "$complaints" >&2
  exit 1
fi
grep -q '^Comment\[zh_TW\]=' "$entry"

icon=$(sed -n 's/^Icon=//p' "$entry")
for file; do
  grep -q '<svg ' "$file"
  basename "$file" .svg
done | LC_ALL=C sort | diff - <(printf '%s\n' "$icon" "$icon-symbolic" | LC_ALL=C sort)
