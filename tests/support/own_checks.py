# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases of our own beside those of own_cases: checks and remarks that set nothing, and less usual ways to set something."""

from __future__ import annotations

from support.own_cases import OwnCase

MORE_CASES = (
    OwnCase(
        "inspec",
        {
            "controls/net.rb": (
                "control 'tcp' do\n"
                "  describe kernel_parameter('net.ipv4.tcp_timestamps') do\n"
                "    its('value') { should eq 0 }\n"
                "  end\n"
                "end\n"
            ),
        },
        set(),
        "repository",
    ),
    OwnCase(
        "osquery",
        {
            "pack.conf": '{"queries":{"x":{"query":"SELECT * FROM t WHERE name = \'net.ipv4.tcp_timestamps\' AND value = \'0\';"}}}\n',
        },
        set(),
        "repository",
    ),
    OwnCase(
        "check script",
        {
            "check.sh": (
                'if [ "$(sysctl -n net.ipv4.tcp_timestamps)" = 0 ]; then echo bad; fi\n'
                "grep -q '^net.ipv4.tcp_tw_recycle = 1' /etc/sysctl.conf && exit 1\n"
                'sysctl net.ipv4.tcp_tw_reuse | grep -q "net.ipv4.tcp_tw_reuse = 1"\n'
            ),
        },
        set(),
        "repository",
    ),
    OwnCase(
        "wazuh",
        {
            "sca.yml": (
                "checks:\n"
                "  - id: 1\n"
                "    rules:\n"
                "      - 'c:sysctl net.ipv4.tcp_tw_recycle -> r:net.ipv4.tcp_tw_recycle\\s*=\\s*1'\n"
                "      - 'c:grep -Rh net.ipv4.tcp_timestamps /etc/sysctl.conf -> r:^net.ipv4.tcp_timestamps\\s*=\\s*0'\n"
            ),
        },
        set(),
        "repository",
    ),
    OwnCase(
        "augeas",
        {
            "a.pp": (
                "augeas { 'sysctl':\n"
                "  context => '/files/etc/sysctl.conf',\n"
                "  changes => ['set net.ipv4.tcp_tw_reuse 1', 'set net.ipv4.tcp_timestamps 0'],\n"
                "}\n"
            ),
        },
        {"reuse-without-timestamps:3", "timestamps-off:3"},
        "repository",
    ),
    OwnCase(
        "chef",
        {
            "attributes/default.rb": (
                "node.default['sysctl']['params']['net.ipv4.tcp_tw_reuse'] = 1\n"
                "default['sysctl']['params']['net']['ipv4']['tcp_timestamps'] = 0\n"
            ),
        },
        {"reuse-without-timestamps:1", "timestamps-off:2"},
        "repository",
    ),
    OwnCase(
        "lineinfile",
        {
            "tasks/main.yml": (
                "- lineinfile:\n"
                "    path: /etc/sysctl.conf\n"
                "    regexp: '^net.ipv4.tcp_tw_reuse'\n"
                '    line: "net.ipv4.tcp_tw_reuse = 1"\n'
                "- blockinfile:\n"
                "    path: /etc/sysctl.conf\n"
                "    block: |\n"
                "      net.ipv4.tcp_timestamps = 0\n"
                "- ini_file: {path: /etc/sysctl.conf, option: net.ipv4.tcp_max_tw_buckets, value: 5000}\n"
                '- shell: echo "net.ipv4.tcp_tw_recycle=1" >> /etc/sysctl.conf\n'
            ),
        },
        {"buckets-too-small:9", "recycle-in-boot-file:10", "reuse-without-timestamps:4", "timestamps-off:8"},
        "repository",
    ),
    OwnCase(
        "annotations",
        {
            "pod.yml": (
                "metadata:\n  annotations:\n    security.alpha.kubernetes.io/sysctls: net.ipv4.tcp_tw_reuse=1,net.ipv4.tcp_timestamps=0\n"
            ),
        },
        {"reuse-without-timestamps:3", "timestamps-off:3"},
        "repository",
    ),
    OwnCase(
        "quadlet",
        {
            "web.container": ("[Container]\nImage=x\nSysctl=net.ipv4.tcp_tw_reuse=1\nSysctl=net.ipv4.tcp_timestamps=0\n"),
        },
        {"reuse-without-timestamps:3", "timestamps-off:4"},
        "repository",
    ),
    OwnCase(
        "lxc",
        {
            "lxc.conf": ("lxc.net.0.type = veth\nlxc.sysctl.net.ipv4.tcp_tw_reuse = 1\nlxc.sysctl.net.ipv4.tcp_timestamps = 0\n"),
        },
        {"reuse-without-timestamps:2", "timestamps-off:3"},
        "repository",
    ),
    OwnCase(
        "grub",
        {
            "grub": 'GRUB_CMDLINE_LINUX="quiet sysctl.net.ipv4.tcp_tw_reuse=1 sysctl.net.ipv4.tcp_timestamps=0"\n',
        },
        {"reuse-without-timestamps:1", "timestamps-off:1"},
        "repository",
    ),
    OwnCase(
        "old kernel branch",
        {
            "t.sh": (
                'if [ "$(uname -r | cut -d. -f1)" -lt 4 ]; then\n'
                "  sysctl -w net.ipv4.tcp_tw_recycle=0\n"
                "fi\n"
                "sysctl -w net.ipv4.tcp_timestamps=0\n"
                "sysctl -w net.ipv4.tcp_timestamps=1\n"
                "sysctl -w net.ipv4.tcp_tw_reuse=1\n"
            ),
        },
        {"boot-duplicate:5"},
        "repository",
    ),
    OwnCase(
        "md table",
        {
            "r.md": (
                "| key | value |\n"
                "| --- | --- |\n"
                "| net.ipv4.tcp_tw_recycle | 1 |\n"
                "\n"
                "Old advice (do not use):\n"
                "\n"
                "```\n"
                "net.ipv4.tcp_tw_recycle = 1\n"
                "```\n"
                "\n"
                "Better:\n"
                "\n"
                "```\n"
                "net.ipv4.tcp_tw_reuse = 1\n"
                "```\n"
            ),
        },
        set(),
        "repository",
        "any",
    ),
    OwnCase(
        "mixed prompt paste",
        {
            "p.txt": (
                "ubuntu@ip-10-0-0-1:~$ cat /etc/sysctl.d/99-app.conf\n"
                "net.ipv4.tcp_tw_recycle = 1\n"
                "net.ipv4.tcp_timestamps = 1\n"
                "ubuntu@ip-10-0-0-1:~$ uname -r\n"
                "3.10.0-957.el7.x86_64\n"
            ),
        },
        {"recycle-in-boot-file:2"},
    ),
)
