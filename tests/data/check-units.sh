#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# The units are such that systemd has nothing to say about them, and the service is locked in.
#
#   check-units.sh SERVICE-TEMPLATE SOCKET PROGRAM

set -eu

EXPOSURE_MAX=60 # tenths, of systemd-analyze security: what is left needs capabilities to give up

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# As they would be installed, but with a program that is there.
program=$(realpath "$3")
sed -e "s|@bindir@/channelsd|$program|" -e 's|@watchdog@|30|' "$1" >"$folder/channelsd.service"
cp "$2" "$folder/channelsd.socket"
export XDG_RUNTIME_DIR="$folder"

said=$(systemd-analyze --user --man=no verify \
  "$folder/channelsd.service" "$folder/channelsd.socket" 2>&1) || { echo "$said"; exit 1; }
if [ -n "$said" ]; then
  echo "$said"
  exit 1
fi

# Each alone weighs too little for the sum below to change by it.
for line in NoNewPrivileges=yes LockPersonality=yes MemoryDenyWriteExecute=yes \
  RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes ProtectSystem=strict \
  ProtectHome=read-only PrivateTmp=yes ProtectControlGroups=yes ProtectProc=invisible \
  SystemCallFilter=@system-service 'SystemCallFilter=~@privileged @resources' \
  SystemCallArchitectures=native 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK' \
  LimitNOFILE=65536 MemoryMax=2G TasksMax=64; do
  grep -qxF "$line" "$folder/channelsd.service" || { echo "the service lacks $line"; exit 1; }
done

systemd-analyze --user --offline=yes --threshold="$EXPOSURE_MAX" --no-pager \
  security "$folder/channelsd.service"
