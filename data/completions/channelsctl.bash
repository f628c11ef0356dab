# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash

# Names of groups, if the service runs: to press Tab does not start it.
_channelsctl_groups() {
  case $(gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
    --method org.freedesktop.DBus.NameHasOwner org.example.Channels 2>/dev/null) in
    '(true,)') channelsctl groups 2>/dev/null | tail -n +2 | cut -d ' ' -f 1 ;;
  esac
}

_channelsctl_words() {
  local command=$1 position=$2

  case $command:$position in
    :*) echo 'send listen groups members status open ticket disconnect import-django help --help --version' ;;
    help:1) echo 'send listen groups members status open ticket disconnect import-django help' ;;
    send:1 | members:1 | open:1 | listen:* | ticket:*) _channelsctl_groups ;;
  esac
}

_channelsctl_options() {
  case $1 in
    send | groups | members | status) echo '--json --help' ;;
    ticket) echo '--origin --seconds --json --help' ;;
    disconnect) echo '--code --reason --help' ;;
    import-django) echo '--python --layer --help' ;;
    *) echo '--help' ;;
  esac
}

_channelsctl() {
  local word=${COMP_WORDS[COMP_CWORD]} command='' position=0 words i

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --origin | --seconds | --code | --reason | --python | --layer) i=$((i + 1)) ;;
      -*) ;;
      *)
        [ -n "$command" ] || command=${COMP_WORDS[i]}
        position=$((position + 1))
        ;;
    esac
  done

  COMPREPLY=()
  # The value of an option: anything.
  [ "$i" -eq "$COMP_CWORD" ] || return 0

  if [ -n "$command" ] && [[ $word == -* ]]; then
    words=$(_channelsctl_options "$command")
  else
    words=$(_channelsctl_words "$command" "$position")
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")

  # A project is a folder.
  if [ "$command:$position" = import-django:1 ] && [[ $word != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
    compopt -o filenames 2>/dev/null || true
  fi
}

complete -F _channelsctl channelsctl
