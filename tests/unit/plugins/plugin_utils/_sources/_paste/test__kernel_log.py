# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of the kernel's log, in the frames of dmesg, the journal and syslog."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._kernel_log import is_log, trouble_of


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("[ 1234.567890] nf_conntrack: table full, dropping packet", "conntrack_full"),
        ("[ 1234.567890] nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack_full"),
        ("Nov 27 07:57:07 web1 kernel: ip_conntrack: table full, dropping packet.", "conntrack_full"),
        ("[Fri Nov 27 07:57:07 2026] TCP: time wait bucket table overflow", "buckets_overflow"),
        ("TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.  Check SNMP counters.", "syn_flooding"),
        ("possible SYN flooding on port 443. Sending cookies.", "syn_flooding"),
        ("[    5.000000] TCP: out of memory -- consider tuning tcp_mem", "out_of_memory"),
        ("Nov 27 07:57:07 web1 kernel: [ 1234.567890] nf_conntrack: table full, dropping packet", "conntrack_full"),
        ("2026-11-27T07:57:07.123456+00:00 web1 kernel: nf_conntrack: table full, dropping packet", "conntrack_full"),
        ("kernel: TCP: time wait bucket table overflow", "buckets_overflow"),
        ("TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. Sending cookies.", "syn_flooding"),
        ("[    5.000000] eth0: link is up", None),
        # Who speaks about such a line has not seen it.
        ("# Against nf_conntrack: table full, dropping packet", None),
        ("nf_conntrack: table full, dropping packet means that the table is full", None),
        ("The log has 'TCP: time wait bucket table overflow'", None),
        ("possible SYN flooding on port is a message of the kernel", None),
    ],
)
def test_troubles(line: str, trouble: str | None) -> None:
    assert trouble_of(line) == trouble


@pytest.mark.parametrize(
    ("line", "log"),
    [
        ("[    5.000000] eth0: link is up", True),
        ("net_ratelimit: 312 callbacks suppressed", True),
        ("Nov 27 07:57:07 web1 kernel: eth0: link is up", True),
        ("Nov 27 07:57:07 web1 sshd[5]: hello", False),
        ("[root@web1 ~]# dmesg", False),
    ],
)
def test_other_lines_of_the_log(line: str, log: bool) -> None:
    assert is_log(line) == log
