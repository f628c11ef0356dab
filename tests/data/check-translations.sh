#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# Each string of the source is in each translation, and each source is searched for strings.
set -eu

root=$1
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
cd "$root"

# The page's own rules for its HTML lie next to it.
GETTEXTDATADIRS=$root/data/page \
  xgettext --files-from=po/POTFILES.in --from-code=UTF-8 --keyword=_ --keyword=N_ \
    --output="$scratch/channels.pot"

grep -v '^#' po/LINGUAS | while read -r language; do
  msgfmt --check --output-file=/dev/null "po/$language.po"
  msgcmp "po/$language.po" "$scratch/channels.pot"
done

diff <(grep -v '^#' po/LINGUAS | LC_ALL=C sort) \
  <(basename --suffix=.po po/*.po | LC_ALL=C sort)

grep -v '^#' po/POTFILES.in | LC_ALL=C sort >"$scratch/listed"
grep --recursive --files-with-matches --extended-regexp --include='*.c' \
  '(^|[^A-Za-z_])(N?_|ngettext) \("' src | LC_ALL=C sort >"$scratch/found"
missing=$(LC_ALL=C comm -13 "$scratch/listed" "$scratch/found")
if [ -n "$missing" ]; then
  echo "not in po/POTFILES.in: $missing" >&2
  exit 1
fi
