#!/bin/sh
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The recipe of the image: writes the root file system of a small Debian 12 with systemd to standard output, as a tar archive.
# $CONTAINER_MIRROR names another Debian mirror than the one that mmdebstrap takes by itself.
set -eu

packages=systemd,systemd-sysv,dbus,libpam-systemd,python3,procps,iproute2,nftables,haproxy,nginx,apache2-bin,openssh-server,sudo

# Documentation and translations: half of the size, and nothing here reads them.
without='--dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/locale/*'

# Kernel settings in these files are those of the whole machine: booting a container must not write them.
# The same goes for terminals, mounts and devices. Tests start the servers that they need by themselves.
# shellcheck disable=SC2016
tidy='
chroot "$1" sh -eu -c "
    rm -f /usr/lib/sysctl.d/*.conf
    systemctl disable --quiet haproxy.service nginx.service ssh.service nftables.service e2scrub_reap.service
    systemctl mask --quiet getty.target console-getty.service systemd-logind.service systemd-remount-fs.service \
        dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
        systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service
    systemctl set-default --quiet multi-user.target
    : > /etc/machine-id
    find /var/log -type f -delete
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /etc/hostname /etc/resolv.conf
"'

# shellcheck disable=SC2086
exec mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" --dpkgopt=force-unsafe-io $without \
    --customize-hook="$tidy" bookworm - ${CONTAINER_MIRROR:+"$CONTAINER_MIRROR"}
