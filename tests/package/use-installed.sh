#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# What is installed works, as PATH and the session bus find it: nothing of the source is used.
# Any user may run it.
set -eu

# expect WHAT PATTERN: standard input is as the pattern says
expect() {
  local got
  got=$(cat)
  # shellcheck disable=SC2254 # it is a pattern
  case $got in
    $2) echo "ok: $1" ;;
    *)
      echo "$1: '$got', not '$2'" >&2
      return 1
      ;;
  esac
}

on_its_own() {
  local line port

  mkfifo "$scratch/said"
  channelsd --no-bus >"$scratch/said" &
  daemon=$!
  read -r line <"$scratch/said"
  port=${line#Listening on http://127.0.0.1:}
  port=${port%%/*}

  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /health HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$port" >&3
  tail -n 1 <&3 | expect 'without a bus' '{"status":"ok"}'
  exec 3>&-

  kill "$daemon"
  wait "$daemon"
  daemon=
}

# Nothing runs at first: the call starts it.
on_a_bus() {
  channelsctl send chat_chat_room hello |
    expect 'channelsctl starts it' 'Message sent successfully (0 receivers, 0 remotes)'
  gdbus call --session --dest org.example.Channels --object-path /org/example/Channels \
    --method org.example.Channels.SendToGroup chat_chat_room hello |
    expect 'gdbus calls it' '(uint32 0, uint32 0)'
  channelsctl status | expect 'it has a page' '*http://127.0.0.1:*'
}

if [ "${1:-}" = --on-a-bus ]; then
  on_a_bus
  exit
fi

scratch=$(mktemp -d)
daemon=
clean_up() {
  [ -z "$daemon" ] || kill "$daemon"
  rm -r "$scratch"
}
trap clean_up EXIT

export LC_ALL=C.UTF-8 HOME="$scratch" XDG_CONFIG_HOME="$scratch" XDG_RUNTIME_DIR="$scratch"
unset DBUS_SESSION_BUS_ADDRESS
mkdir "$scratch/channels"
# A free port: another channelsd may have the usual one.
printf '[Server]\nListen=127.0.0.1:0\n' >"$scratch/channels/channels.conf"

channelsd --version | expect 'there is a version' 'channelsd *'
channelsd --check-config | expect 'the configuration is right' ''
on_its_own
dbus-run-session -- "$0" --on-a-bus
