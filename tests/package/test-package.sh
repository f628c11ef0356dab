#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# The Debian package: built, found good by lintian, installed into a clean root, used there by an
# ordinary user, and removed.
#
# It needs root, for chroot and for a mount that goes with it, and of Debian debhelper, lintian,
# debootstrap and a mirror: apt's own. DEB_BUILD_OPTIONS=nocheck leaves the tests out that the build
# runs.
set -eu

# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' "Codename: $suite" |
  head -n 1)
source=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d --tmpdir channels-package-XXXXXX)
root=$scratch/root
trap 'rm -rf --one-file-system "$scratch"' EXIT
chmod 755 "$scratch"

step() {
  echo "== $1"
}

# in_root COMMAND...: in the clean root, where no process and no mount outlives it
in_root() {
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount --pid --fork --kill-child \
    sh -c 'mount -t proc proc "$1/proc" && shift && exec "$@"' sh "$root" \
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

step 'build'
mkdir "$scratch/source"
tar -C "$source" --create --exclude='./.git' --exclude='./build*' . |
  tar -C "$scratch/source" --extract --no-same-owner
(cd "$scratch/source" && dpkg-buildpackage -us -uc -b) >"$scratch/build.log" 2>&1 || {
  cat "$scratch/build.log" >&2
  exit 1
}
package=$(cd "$scratch" && ls channels_*.deb)

step 'lintian'
lintian --allow-root --fail-on error,warning "$scratch"/channels_*.changes

step "a clean root: $suite"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$scratch/debootstrap.log" || {
  tail -n 20 "$scratch/debootstrap.log" >&2
  exit 1
}

step 'install'
cp "$scratch/$package" "$source/tests/package/use-installed.sh" "$root/tmp/"
in_root sh -c "apt-get install -qq -y --no-install-recommends /tmp/$package libglib2.0-bin" \
  >"$scratch/install.log" 2>&1 || {
  cat "$scratch/install.log" >&2
  exit 1
}

step 'enabled for nobody'
enabled=$(find "$root/etc/systemd/user" -name 'channelsd*' 2>/dev/null || true)
if [ -n "$enabled" ]; then
  echo "enabled for all users: $enabled" >&2
  exit 1
fi

step 'use'
in_root useradd --create-home somebody
in_root setpriv --reuid=somebody --regid=somebody --clear-groups /tmp/use-installed.sh

step 'remove'
in_root dpkg --purge channels >/dev/null
left=$(find "$root/usr" "$root/etc" -iname '*channels*')
if [ -n "$left" ]; then
  echo "left behind: $left" >&2
  exit 1
fi

step 'good'
