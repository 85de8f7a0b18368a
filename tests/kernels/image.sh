#!/bin/sh
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# image.sh RELEASE INIT KERNEL_SUITE FOLDER: the recipe of a guest. It writes the root file system of a small Debian with its own cloud
# kernel to FOLDER. INIT is systemd or sysvinit. $MIRROR is the Debian mirror, $PUBLIC_KEY the key that may log in as root.
set -eu

release=$1 init=$2 suite=$3 folder=$4
packages=linux-image-cloud-amd64/$suite,initramfs-tools,udev,kmod,python3,procps,iproute2,openssh-server,conntrack,nftables
case $init in
    systemd) packages=$packages,systemd,systemd-sysv ;;
    sysvinit) packages=$packages,sysvinit-core,sysv-rc,initscripts,ifupdown ;;
esac

# Documentation and translations: nothing here reads them.
without='--dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/locale/*'

# Only the modules that the disk needs: a larger initrd takes longer to unpack.
# shellcheck disable=SC2016
small='
mkdir -p "$1/etc/initramfs-tools/conf.d"
echo MODULES=list > "$1/etc/initramfs-tools/conf.d/guest"
printf "virtio_pci\nvirtio_blk\next4\n" > "$1/etc/initramfs-tools/modules"'

# A service listens among the ports that the profiles give to connections, so that they have one to keep.
# shellcheck disable=SC2016
tidy='
cd "$1"
mkdir -p -m 700 root/.ssh
printf "%s\n" "$PUBLIC_KEY" > root/.ssh/authorized_keys
echo guest > etc/hostname
echo "127.0.0.1 localhost guest" > etc/hosts
echo "/dev/vda / ext4 defaults 0 1" > etc/fstab
cat > usr/local/bin/listener <<END
#!/usr/bin/python3
import socket
listener = socket.create_server(("0.0.0.0", 20001))
while True:
    listener.accept()[0].close()
END
chmod 755 usr/local/bin/listener
if [ -d etc/modules-load.d ]; then echo nf_conntrack > etc/modules-load.d/conntrack.conf; else echo nf_conntrack >> etc/modules; fi
if [ -x lib/systemd/systemd ]; then
    printf "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\n" > etc/systemd/network/eth0.network
    printf "[Service]\nExecStart=/usr/local/bin/listener\n[Install]\nWantedBy=multi-user.target\n" > etc/systemd/system/listener.service
    chroot . systemctl enable --quiet systemd-networkd.service listener.service
else
    echo nf_conntrack >> etc/modules
    printf "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet static\n    address 10.0.2.15/24\n" > etc/network/interfaces
    echo "li:2345:respawn:/usr/local/bin/listener" >> etc/inittab
fi
rm -rf var/lib/apt/lists/* var/cache/apt/*.bin etc/resolv.conf'

# shellcheck disable=SC2086
exec mmdebstrap --quiet --variant=minbase --include="$packages" --dpkgopt=force-unsafe-io $without --format=directory \
    --essential-hook="$small" --customize-hook="$tidy" "$release" "$folder" \
    "deb $MIRROR $release main" "deb $MIRROR $suite main"
