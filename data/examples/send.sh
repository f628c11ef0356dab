#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

set -eu

# call METHOD ARGUMENT…
call ()
{
  method=$1
  shift
  gdbus call --session --dest org.example.Channels --object-path /org/example/Channels \
    --method "org.example.Channels.$method" "$@"
}

call SendToGroup chat_chat_room 'hello from the shell'
call SendEventToGroup chat_chat_room "{'type': <'chat_message'>, 'message': <'an event'>}"
call ListGroups
