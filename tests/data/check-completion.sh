#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# What the Tab key offers. Nobody is called: stand-ins take the places of gdbus and channelsctl.
set -eu

gdbus() { echo "${running:-(false,)}"; }
channelsctl() { printf 'Group  Members\nchat_one  1\nother  2\n'; }

# shellcheck source=/dev/null
. "$1"

# expect REPLY WORD...: completing the last word gives the reply
expect() {
  local expected=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _channelsctl
  if [ "${COMPREPLY[*]}" != "$expected" ]; then
    echo "$*: '${COMPREPLY[*]}', not '$expected'" >&2
    exit 1
  fi
}

expect 'send status' channelsctl s
expect '--help --version' channelsctl --
expect 'ticket' channelsctl help t
expect '--origin' channelsctl ticket --o
expect '--code' channelsctl disconnect a --c
expect '' channelsctl ticket --origin ''
expect 'import-django' channelsctl i
expect '--layer' channelsctl import-django a --l
expect '' channelsctl import-django --python ''
expect '/usr' channelsctl import-django --layer x /us
expect '' channelsctl import-django /usr /us
expect '' channelsctl send ''
running='(true,)'
expect 'chat_one' channelsctl send c
expect 'other' channelsctl ticket --origin x chat_one o
expect '' channelsctl send --json chat_one c
