# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and dumps as real hosts have them, harmful and harmless: which rules each of them fails, and with which severity at most."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import SEVERITIES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load
from support.corpus import each_collection

TODAY = datetime.date(2026, 11, 21)

# Every file that leaves timestamps on fails this under the profile "any"; it says nothing about the file.
L7 = "timestamps-on-at-l7"

# file (and kind where it cannot tell itself): rule to severity, all that fail.
HARMFUL: dict[tuple[str, str], dict[str, str]] = {
    ("recycle-4.9", "auto"): {"recycle-on": "critical", "recycle-drops-seen": "high", "reuse-on-server": "info", L7: "info"},
    ("conf/786951355_heredoc.sh", "auto"): {
        "recycle-in-boot-file": "high",
        "reuse-without-timestamps": "high",
        "timestamps-off": "medium",
        "buckets-too-small": "medium",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/BroHui_aliyun.conf", "auto"): {"buckets-too-small": "high", L7: "info"},
    ("conf/CHORDTAAX_sockd.conf", "auto"): {
        "buckets-too-small": "high",
        L7: "info",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/CooLoongWu_AutoDeploy.conf", "auto"): {
        "recycle-in-boot-file": "high",
        "buckets-too-small": "medium",
        L7: "info",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/CrowLin_nginx.conf", "auto"): {
        "conntrack-forgets-early": "high",
        "rfc1337-on": "medium",
        L7: "info",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/HXHGTS_TCPOptimization.conf", "auto"): {
        "reuse-without-timestamps": "high",
        "timestamps-off": "medium",
        "fin-timeout-mistaken": "info",
    },
    ("conf/STAH_selenoid.conf", "auto"): {"timestamps-off": "medium", "rfc1337-on": "medium"},
    ("conf/biglovewheat_roles.conf", "auto"): {
        "recycle-in-boot-file": "high",
        "buckets-too-small": "high",
        L7: "info",
        "boot-duplicate": "low",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/cc30c_installphp.conf", "auto"): {
        "recycle-in-boot-file": "high",
        L7: "info",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/clay-wangzhi_sysinit.conf", "auto"): {
        "recycle-in-boot-file": "high",
        "reuse-without-timestamps": "high",
        "buckets-too-small": "high",
        "timestamps-off": "medium",
        "fin-timeout-mistaken": "info",
    },
    ("conf/daixijun_role.conf", "auto"): {
        "buckets-too-small": "high",
        L7: "info",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/isucon6_acidlemon.conf", "auto"): {
        "recycle-in-boot-file": "high",
        L7: "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/lihuashiyu_trailing-comments.conf", "auto"): {
        "buckets-too-small": "high",
        "boot-refused-value": "medium",
        L7: "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/veficos_awesome-server.conf", "auto"): {
        "reuse-without-timestamps": "high",
        "buckets-too-small": "high",
        "timestamps-off": "medium",
        "fin-timeout-mistaken": "medium",
        "boot-duplicate": "low",
    },
    ("conf/xiaojiaqi_10billion.conf", "auto"): {
        "reuse-without-timestamps": "high",
        "buckets-too-small": "high",
        "timestamps-off": "medium",
        "fin-timeout-mistaken": "medium",
        "boot-duplicate": "low",
    },
    ("conf/zephyrchien_tools.conf", "auto"): {
        "buckets-too-small": "high",
        L7: "info",
        "ports-same-parity": "info",
        "fin-timeout-mistaken": "info",
    },
    ("conf/pnrnc485_rust_parse_sysctl.conf", "auto"): {
        "boot-refused-value": "medium",
        L7: "info",
        "boot-readers-disagree": "low",
        "boot-duplicate": "low",
    },
}

# Nothing of medium or above, and nothing at all of what is named.
HARMLESS: dict[tuple[str, str], set[str]] = {
    ("conf/AxxelL_debian13.conf", "auto"): set(),
    ("conf/CoreByte_sysctl-w-lines.conf", "auto"): {"boot-unknown-key"},
    ("conf/H3arn_vps.conf", "auto"): {"reuse-without-timestamps"},
    ("conf/Haran_Mail.conf", "auto"): {"buckets-too-small", "fin-timeout-mistaken"},
    ("conf/isucon_fnwiya.conf", "auto"): {"recycle-in-boot-file", "buckets-too-small"},
    ("conf/jions7ihj_zabbix.conf", "auto"): {"buckets-too-small", "fin-timeout-mistaken"},
    ("conf/kspp-sysctl.txt", "sysctl_d"): set(),
    ("conf/luoli523_heredoc.sh", "auto"): {"recycle-in-boot-file"},
    ("conf/openio_jinja.conf.j2", "auto"): {"boot-refused-value"},
    ("conf/openwrt_10-default.conf", "auto"): set(),
    ("conf/procps_test_glob.conf", "auto"): set(),
    ("conf/ubuntu_50-ceph-osd-charm.conf", "auto"): {"boot-refused-value"},
    ("conf/ubuntu_50-kubernetes-charm.conf", "auto"): set(),
    ("local-6.18", "auto"): {"recycle-on", "buckets-too-small"},
    ("sysctl-a/centos6-2.6.32-tcp-EXCERPT.txt", "auto"): {"recycle-on", "ports-few"},
    ("sysctl-a/centos77-3.10.txt", "auto"): {"recycle-on", "recycle-dormant"},
    ("sysctl-a/lxd-container-5.4-sos.txt", "auto"): {"buckets-too-small"},
    ("sysctl-a/moby25519_selected-4.14.txt", "sysctl_a"): {"recycle-on", "timestamps-off"},
    ("sysctl-a/openwrt-sysctl.list.txt", "auto"): set(),
    ("sysctl-a/ubuntu-3.0-ptsummary.txt", "auto"): {"recycle-on"},
    # 8192 is what this kernel makes of its little RAM, and nobody's setting.
    ("sysctl-a/ubuntu1804-4.15.txt", "auto"): {"buckets-too-small", "reuse-loopback-only"},
    ("sysctl-a/ubuntu2004-k8s-5.4-sos.txt", "auto"): {"buckets-too-small"},
    ("sysctl-a/ubuntu2004-openstack-5.4-sos.txt", "auto"): set(),
    ("sysctl-a/ubuntu2404-oem-6.11.txt", "auto"): {"recycle-on", "buckets-too-small"},
    ("tree/ubuntu2004-k8s-5.4", "auto"): {"boot-differs", "boot-refused-value", "boot-file-unread", "recycle-in-boot-file"},
    ("tree/ubuntu2004-openstack-5.4", "auto"): {"boot-refused-value", "boot-file-unread"},
}


def failing(hosts: Path, name: str, kind: str) -> dict[str, str]:
    """Rule to the highest severity that it fails with."""
    results = audit(load(str(hosts / name), kind), "host", AuditOptions(profile="any", today=TODAY))["results"]
    worst: dict[str, str] = {}
    for result in results:
        if result["status"] == "fail":
            worst.setdefault(result["id"], result["severity"])
    return worst


def names(table: t.Iterable[tuple[str, str]]) -> list[str]:
    return [name for name, _kind in table]


@each_collection
@pytest.mark.parametrize("source", HARMFUL, ids=names(HARMFUL))
def test_harmful(hosts: Path, source: tuple[str, str]) -> None:
    assert failing(hosts, *source) == HARMFUL[source]


@each_collection
@pytest.mark.parametrize("source", HARMLESS, ids=names(HARMLESS))
def test_harmless(hosts: Path, source: tuple[str, str]) -> None:
    failed = failing(hosts, *source)
    loud = {rule for rule, severity in failed.items() if SEVERITIES.index(severity) <= SEVERITIES.index("medium")}
    assert loud == set()
    assert HARMLESS[source] <= set(CATALOGUE)
    assert not HARMLESS[source] & set(failed)


@each_collection
def test_an_excerpt_leaves_unknown_what_it_does_not_show(hosts: Path) -> None:
    observed = load(str(hosts / "sysctl-a/moby25519_selected-4.14.txt"), "sysctl_a")
    results = audit(observed, "host", AuditOptions(profile="any", today=TODAY))["results"]
    assert {result["status"] for result in results if result["id"] in ("recycle-on", "timestamps-off", "buckets-disabled")} == {"unknown"}


@each_collection
def test_the_recycling_host_learns_why_its_clients_time_out(hosts: Path) -> None:
    observed = load(str(hosts / "recycle-4.9"), "auto")
    results = audit(observed, "host", AuditOptions(profile="backend", today=TODAY))["results"]
    drops = next(result for result in results if result["id"] == "recycle-drops-seen")
    assert drops["observed"] == "PAWSPassive +12 since boot"
    assert drops["evidence"]["tcp_tw_recycle"] == "1"
