#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# check-install.sh BUILD PREFIX LINGUAS: what is installed is complete, and its parts find each
# other, under DESTDIR as well.
set -eu

build=$1
prefix=$2
languages=$(grep -v '^#' "$3")
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

DESTDIR=$scratch meson install -C "$build" --no-rebuild --quiet
cd "$scratch$prefix"

for file in bin/channels{d,ctl} share/man/man1/channels{d,ctl}.1 \
  share/man/man5/{channels.conf,org.example.Channels}.5 \
  share/dbus-1/interfaces/org.example.Channels.xml share/metainfo/org.example.Channels.metainfo.xml \
  share/bash-completion/completions/channelsctl share/zsh/site-functions/_channelsctl \
  share/fish/vendor_completions.d/channelsctl.fish \
  share/icons/hicolor/{scalable/apps/org.example.Channels,symbolic/apps/org.example.Channels-symbolic}.svg \
  lib/systemd/user/channelsd.service share/doc/channels/channels.conf share/doc/channels/examples/listen.py; do
  test -f "$file" || { echo "$file is not installed" >&2; exit 1; }
done

for language in $languages; do
  msgunfmt "share/locale/$language/LC_MESSAGES/channels.mo" >/dev/null
done

# value KEY FILE: of a desktop or service file
value() { sed -n "s/^$1=//p" "$2"; }

started=$(value Exec share/dbus-1/services/org.example.Channels.service)
test -x "$scratch${started%% *}" || { echo "the bus would start $started" >&2; exit 1; }

opened=$(value Exec share/applications/org.example.Channels.desktop)
test -x "bin/${opened%% *}" || { echo "the desktop would start $opened" >&2; exit 1; }
grep -q "^  $(echo "$opened" | cut -d ' ' -f 2) " <(LC_ALL=C "bin/${opened%% *}" --help)
