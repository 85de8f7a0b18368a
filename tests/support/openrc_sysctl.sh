#!/sbin/openrc-run
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# A service sysctl that takes the same files in the same order as Alpine's (aports, main/openrc/sysctl.initd, as of OpenRC 0.55).
# Debian's package of OpenRC has no such service.

apply()
{
	[ ! -f "$1" ] || sysctl $quiet -p "$1"
}

# Whether one of the folders that follow has a file of this name.
replaced()
{
	local name="${1##*/}" folder
	shift
	for folder in "$@"; do
		[ ! -f "$folder/$name" ] || return 0
	done
	return 1
}

start()
{
	local quiet=-q file
	for file in /lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
		replaced "$file" /etc/sysctl.d /run/sysctl.d || apply "$file"
	done
	for file in /etc/sysctl.d/*.conf; do
		replaced "$file" /run/sysctl.d || apply "$file"
	done
	apply /etc/sysctl.conf
	for file in /run/sysctl.d/*.conf; do
		apply "$file"
	done
}
