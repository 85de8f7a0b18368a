# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings that are refused, each by name."""

from __future__ import annotations

import pytest
from support.transactions import BUCKETS, RANGE, RESERVED, REUSE, TIMESTAMPS, UNPRIVILEGED, Host


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"net.ipv4.tcp_tw_resue": 1},
            "net.ipv4.tcp_tw_resue: neither this host nor the collection knows this key (did you mean net.ipv4.tcp_tw_reuse",
        ),
        (
            {"net/ipv4/tcp_tw_reuse": 1},
            "'net/ipv4/tcp_tw_reuse' is not a sysctl key; write it like net.ipv4.tcp_timestamps (did you mean net.ipv4.tcp_tw_reuse?)",
        ),
        ({"tcp_tw_reuse": 1}, "did you mean net.ipv4.tcp_tw_reuse?"),
        ({"kernel.sysrq": 1}, "'kernel.sysrq' is not a sysctl key that this module knows"),
        ({"vm.swappiness": 1}, "'vm.swappiness' is not a sysctl key that this module knows"),
        ({"net": 1}, "'net' is not a sysctl key"),
        ({"net.ipv4": 1}, "net.ipv4 is a folder of sysctl keys, not a key"),
        ({"net.ipv4.tcp_fastopen_key": "1-2-3-4"}, "'net.ipv4.tcp_fastopen_key' holds a secret"),
        ({"net.ipv6.conf.eth0/100.stable_secret": "::1"}, "'net.ipv6.conf.eth0/100.stable_secret' holds a secret"),
        ({"net.ipv6.tcp_fastopen_key": "1-2-3-4"}, "'net.ipv6.tcp_fastopen_key' holds a secret"),
        ({"net.core.netdev_rss_key": "00:01"}, "'net.core.netdev_rss_key' holds a secret"),
        ({"net.ipv4.conf.*.rp_filter": 1}, "is not a sysctl key"),
        ({"net.ipv4.conf.[el]*.rp_filter": 1}, "is not a sysctl key"),
        ({"net.ipv4.tcp_tw_reuse = 1": 1}, "is not a sysctl key"),
        ({"-net.core.rmem_max": 1}, "is not a sysctl key"),
        ({"net..core.rmem_max": 1}, "is not a sysctl key"),
        ({"net.core.rmem_max.": 1}, "is not a sysctl key"),
        ({"net.ipv4.conf.//.rp_filter": 1}, "is not a sysctl key"),
        ({"net." + "x" * 500: 1}, "is not a sysctl key"),
        ({"net.core.rmem_max": ""}, "net.core.rmem_max: the value is empty"),
        ({"net.core.default_qdisc": "f\u00e4q"}, "net.core.default_qdisc: the value holds characters that are not ASCII"),
        ({"net.core.rmem_max": {"at_least": 1, "at_most": 2}}, "a bound has either at_least or at_most"),
        ({"../net/ipv4/tcp_tw_reuse": 1}, "is not a sysctl key"),
        ({"net/../../tmp/x": 1}, "is not a sysctl key"),
        ({"/etc/passwd": 1}, "'/etc/passwd' is not a sysctl key"),
        ({"net.ipv4.tcp_tw_reuse\0": 1}, "is not a sysctl key"),
        ({"net.ipv4.tcp_tw_reuse\n": 1}, "is not a sysctl key"),
        ({"": 1}, "'' is not a sysctl key"),
        ({REUSE: True}, f"{REUSE}: true is a YAML boolean"),
        ({REUSE: 1.5}, "not a number with a fraction"),
        ({REUSE: ["1"]}, "not a list"),
        ({REUSE: "1\nkernel.sysrq = 1"}, f"{REUSE}: the value contains a line feed"),
        ({REUSE: "1\0"}, "control character"),
        ({REUSE: "1\r"}, "control character"),
        ({REUSE: "1\u2028"}, "control character"),
        ({REUSE: "1" * 5000}, "longer than"),
        ({REUSE: "3"}, f"{REUSE}: 3 is not between 0 and 2"),
        ({REUSE: "banana"}, "'banana' is not a number"),
        ({REUSE: ""}, "empty"),
        ({REUSE: "1 2"}, "would not use '1 2' as written: everything after the number is ignored"),
        ({REUSE: "01"}, "01 is read as 1"),
        ({RANGE: "20000"}, "a single number changes only the low end"),
        ({RANGE: 20000}, "a single number changes only the low end"),
        ({RANGE: "20000-30000"}, "is not a number"),
        ({RANGE: "65000 1024"}, "the high end 1024 is below the low end 65000"),
        ({RANGE: "800 65000"}, "the low end 800 is below ip_unprivileged_port_start (1024)"),
        ({UNPRIVILEGED: 40000}, "40000 is above the low end of ip_local_port_range (32768)"),
        ({RESERVED: "70000"}, "not a port"),
        ({BUCKETS: {"at_least": "many"}}, "'many' is not a whole number"),
        ({BUCKETS: {"at_least": True}}, "YAML boolean"),
        ({BUCKETS: {"at_least": 1, "at_most": 2}}, "a bound has either at_least or at_most"),
        ({BUCKETS: {"minimum": 1}}, "a bound has either at_least or at_most"),
        ({BUCKETS: {"at_least": 1, "bytes_each": -1}}, "bytes_each must not be negative"),
        ({RANGE: {"at_least": 1}}, "a bound works only for a key with one number"),
        ({REUSE: {"at_least": 7}}, "7 is not between 0 and 2"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_bad_settings_are_refused_by_name_and_nothing_changes(host: Host, settings: dict[str, object], message: str, check: bool) -> None:
    before = host.state()
    result = host.call(check=check, settings={TIMESTAMPS: 0, **settings})
    assert result["failed"]
    assert message in result["msg"]
    assert host.state() == before
