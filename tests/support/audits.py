# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invented audits for the tests of the reports: every status and severity, with and without a file, and hosts without an audit."""

from __future__ import annotations

from typing import Any

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._input import read_texts

MOMENT = "2026-01-31T12:00:00Z"

HOSTILE = {
    "script": "<script>document.title='owned'</script>",
    "image": "<img src=x onerror=\"document.title='owned'\">",
    "attribute": '"><svg onload="document.title=\'owned\'"></svg><a href="javascript:alert(1)" x=\'',
    "style": "</style></title></textarea><style>body{display:none}</style>",
    "comment": "--><!-- ]]> <![CDATA[ &amp; &lt; &#60;",
    "terminal": "\x1b[31mred\x1b[0m \x07 \x9b2J \x1b]0;owned\x07",
    "direction": "abc \u202e cba \u2066 \u200b end",
    "template": "{{ 7 * 7 }} {% raw %} {{ lookup('pipe', 'id') }} {0} {1}",
    "table": "a | b ` c ``` **bold** [x](https://example.invalid) @everyone #1 www.example.invalid\n# heading\n- item",
    "bytes": "\x00 \ud800 \ufffe \x0b \u2028",
    "long": "x" * 10_000,
    "path": "/etc/sysctl.d/a b%\x01<c>#?.conf",
}
"""Texts as a hostile host might send them, by what they attack."""


def result(rule: str, severity: str, status: str = "fail", **changes: Any) -> dict[str, Any]:
    """One result; changes overrides its keys."""
    return {
        "id": rule,
        "title": f"Invented title of {rule}",
        "severity": severity,
        "status": status,
        "profiles": ["fullnat_lb"],
        "subject": "net.ipv4.tcp_example",
        "observed": "1",
        "expected": "0",
        "evidence": {},
        "path": None,
        "line": None,
        "claims": [],
        "rationale": "An invented reason that explains why this matters to whoever reads the report.",
        "remedy": "Set the key to 0 and keep it there with a file in /etc/sysctl.d.",
        "reason": "" if status in ("fail", "pass") else f"An invented reason for {status}.",
        "waiver": None,
        **changes,
    }


def build(audits: list[dict[str, Any]] | dict[str, Any], title: str) -> _reports.Report:
    """The report of invented audits, with the texts of their rules and cures, which their results and advice carry here."""
    listed = sorted(audits.values() if isinstance(audits, dict) else audits, key=lambda one: str(one.get("host")))
    rules: dict[str, Any] = {}
    cures: dict[str, Any] = {}
    for one in listed:
        for part in (one, *one.get("namespaces", ())):
            for result in part.get("results", ()):
                rules.setdefault(result["id"], {name: result[name] for name in ("title", "profiles", "claims", "rationale", "remedy")})
            for cure in part.get("advice", ()):
                cures.setdefault(cure["id"], {name: cure[name] for name in ("title", "cost", "risk", "how", "claims")})
    return _reports.build(audits, title, read_texts({"rules": rules, "cures": cures}, "texts"))


def cure(name: str, applies: bool = False, **changes: Any) -> dict[str, Any]:
    """One cure of an audit's advice; changes overrides its keys."""
    return {
        "id": name,
        "title": f"Invented title of {name}",
        "applies": applies,
        "severity": "high" if applies else None,
        "wrong": False,
        "reason": f"An invented reason for {name}.",
        "gain": {"from_per_second": 470.53, "to_per_second": 28232.0, "factor": 60.0} if applies else dict.fromkeys(_GAIN),
        "cost": "One sysctl.",
        "risk": "None.",
        "how": ["role linux_tcp.hardening.client_host", "then look again"],
        "claims": ["D1"],
        **changes,
    }


_GAIN = ("from_per_second", "to_per_second", "factor")


def audit(host: str, *results: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One host's audit as Ansible registers it; changes overrides its keys."""
    failed = any(r.get("status") == "fail" and r.get("severity") in ("critical", "high") for r in results)
    return {
        "changed": False,
        "failed": failed,
        "msg": "Some rules failed." if failed else "All rules passed.",
        "host": host,
        "profile": "any",
        "fail_on": "high",
        "kernel_release": "6.1.0-18-amd64",
        "collected_at": MOMENT,
        "source": {"kind": "live", "path": None},
        "advice": [],
        "results": list(results),
        "summary": {},
        "capacity": {
            "time_wait": None,
            "bucket_limit": None,
            "usable_ports": None,
            "busiest": None,
            "connections_per_second": None,
            "binds": None,
        },
        "not_seen": [],
        **changes,
    }


def _passes(*rules: str) -> list[dict[str, Any]]:
    return [result(rule, "medium", "pass", subject="net.ipv4.tcp_example", observed="as it should be", expected="") for rule in rules]


def _balancer() -> dict[str, Any]:
    return audit(
        "lb1.example",
        result(
            "recycle-on",
            "critical",
            title="tcp_tw_recycle drops connections from clients behind one address",
            subject="net.ipv4.tcp_tw_recycle",
            observed="tcp_tw_recycle is 1 and tcp_timestamps is 1",
            expected="tcp_tw_recycle is 0",
            evidence={"PAWSPassive": 18234, "net.ipv4.tcp_timestamps": 1},
            path="/etc/sysctl.d/90-tuning.conf",
            line=12,
            claims=["D6", "D12", "D15"],
            rationale="Behind NAT, clients share an address but not a clock. For 60 seconds after a close the kernel drops every SYN "
            "whose timestamp is older than the last one seen from that address, without an answer. Clients see connect timeouts.",
            remedy="Set net.ipv4.tcp_tw_recycle to 0 now, and delete line 12 of /etc/sysctl.d/90-tuning.conf. Nothing needs a restart.",
        ),
        result(
            "ports-pressure",
            "high",
            title="Local ports towards one destination are running out",
            subject="10.0.0.9 to 10.20.0.5:8080",
            observed="24,612 of 28,232 usable ports are taken (87 %)",
            expected="under 60 %",
            evidence={"ports": 24612, "usable_ports": 28232, "share": 0.87},
            claims=["D1", "D16"],
            rationale="A connection needs a local port that no other connection to the same address and port holds, TIME_WAIT included. "
            "When none is left, connect() fails with EADDRNOTAVAIL.",
            remedy="Keep connections to this destination open between requests. Until then, widen net.ipv4.ip_local_port_range or add "
            "a source address: each one brings the whole range again.",
        ),
        result(
            "buckets-nearly-full",
            "high",
            title="TIME_WAIT sockets are close to their limit",
            subject="net.ipv4.tcp_max_tw_buckets",
            observed="57,904 TIME_WAIT sockets, the limit is 65,536",
            expected="under 80 % of the limit",
            evidence={"time_wait": 57904, "limit": 65536},
            path="/etc/sysctl.conf",
            line=3,
            claims=["D13", "D20"],
            rationale="Over the limit the kernel destroys TIME_WAIT sockets at once, and with them the protection that they give.",
            remedy="Raise net.ipv4.tcp_max_tw_buckets to 262144: a TIME_WAIT socket costs 256 bytes.",
        ),
        result(
            "timestamps-on-at-l7",
            "medium",
            title="TCP timestamps are on at a layer-7 balancer",
            subject="net.ipv4.tcp_timestamps",
            observed="1",
            expected="0",
            claims=["D7"],
            rationale="Behind carrier NAT the same five-tuple may return with an older timestamp.",
            remedy="Set net.ipv4.tcp_timestamps to 0 on this balancer, or keep it and waive this rule.",
        ),
        result(
            "boot-differs",
            "medium",
            title="The running value is not what boot would apply",
            subject="net.ipv4.tcp_fin_timeout",
            observed="15 now, 60 after the next boot",
            expected="the same value",
            path="/usr/lib/sysctl.d/50-default.conf",
            line=44,
            rationale="After a reboot the host behaves differently from the one that was tested.",
            remedy="Put the value that you want into /etc/sysctl.d/90-tuning.conf and run systemd-sysctl.",
        ),
        result(
            "boot-shadowed",
            "low",
            subject="net.core.somaxconn",
            path="/etc/sysctl.d/10-old.conf",
            line=2,
            observed="128",
            expected="one place",
        ),
        result("closes-first-as-server", "info", subject="port 443", observed="1,204 TIME_WAIT sockets", expected="few"),
        result(
            "ports-under-listener",
            "medium",
            "waived",
            subject="port 50051",
            observed="a listener on 50051",
            reason="The service moves to 9051 in spring.",
            waiver={"reason": "The service moves to 9051 in spring.", "expires": "2026-05-01"},
        ),
        result("syn-rejected-in-time-wait", "medium", "unknown", subject="TcpExt", reason="Only one sample was taken."),
        result("conntrack-forgets-early", "high", "unknown", subject="nf_conntrack", reason="The key could not be read (EACCES)."),
        result("resets-on-close", "low", "not_applicable", subject="TcpExt.TCPAbortOnData", reason="The rule is for backends."),
        *_passes(
            "buckets-disabled", "buckets-overflow", "rfc1337-on", "ports-few", "timestamps-odd-value", "boot-duplicate", "boot-unknown-key"
        ),
        profile="fullnat_lb",
        advice=[
            cure("keep-alive", True, title="Keep connections open and use them again", claims=["D17"]),
            cure("wider-range", True, gain={"from_per_second": 470.53, "to_per_second": None, "factor": None}),
            cure("rfc1337-off"),
            cure("recycle", wrong=True, title="tcp_tw_recycle"),
        ],
        kernel_release="4.9.0-19-amd64",
        capacity={
            "time_wait": 57904,
            "bucket_limit": 65536,
            "usable_ports": 28232,
            "busiest": {"source": "10.0.0.9", "destination": "10.20.0.5", "destination_port": 8080, "ports": 24612},
        },
        not_seen=["/proc/net/nf_conntrack could not be read without root (EACCES)."],
    )


def _client() -> dict[str, Any]:
    return audit(
        "client1.example",
        result(
            "reuse-loopback-only",
            "low",
            title="TIME_WAIT reuse helps only loopback",
            subject="net.ipv4.tcp_tw_reuse",
            observed="2",
            expected="1 on a host that opens many short connections",
            profiles=["client_host"],
            claims=["D5"],
        ),
        result(
            "boot-refused-value",
            "medium",
            title="The kernel refuses a value in a boot file",
            subject="net.ipv4.ip_local_port_range",
            observed='"1024-65535" is refused',
            expected="two numbers with a blank between them",
            path="/etc/sysctl.d/local ports.conf",
            line=1,
            profiles=["client_host"],
            remedy="Write 'net.ipv4.ip_local_port_range = 1024 65535'.",
        ),
        result(
            "boot-refused-value",
            "medium",
            subject="net.core.wmem_max",
            observed='"8M" is refused',
            path="/etc/sysctl.d/90-mem.conf",
            line=9,
        ),
        result("boot-refused-value", "medium", "pass", subject="net.core.rmem_max", path="/etc/sysctl.d/90-mem.conf", line=8),
        *_passes("recycle-on", "reuse-without-timestamps", "timestamps-off", "buckets-too-small", "ports-pressure"),
        result("recycle-drops-seen", "critical", "not_applicable", subject="TcpExt.PAWSPassive", reason="This kernel has no such counter."),
        profile="client_host",
        capacity={
            "time_wait": 2210,
            "bucket_limit": 131072,
            "usable_ports": 28232,
            "busiest": {"source": "10.0.3.17", "destination": "2001:db8::5", "destination_port": 443, "ports": 1890},
        },
    )


def sample_audits() -> list[dict[str, Any]]:
    """Six hosts: two with failed results, one clean, one where all results are unknown, two without an audit."""
    return [
        _client(),
        _balancer(),
        audit(
            "web1.example",
            *_passes("recycle-on", "buckets-disabled", "timestamps-off", "rfc1337-on", "boot-differs"),
            profile="backend",
            advice=[cure("raise-buckets"), cure("recycle", wrong=True)],
            capacity={"time_wait": 312, "bucket_limit": 262144, "usable_ports": 28232, "busiest": None},
        ),
        audit(
            "archive.example",
            result("buckets-overflow", "high", "unknown", subject="TcpExt", reason="The source has no counters."),
            result("boot-differs", "medium", "not_applicable", reason="There is no running kernel in this source."),
            profile="backend",
            kernel_release=None,
            collected_at=None,
            source={"kind": "sysctl_d", "path": "files/sysctl.d"},
        ),
        {
            "host": "web2.example",
            "unreachable": True,
            "msg": "Failed to connect to the host via ssh: Connection timed out",
            "changed": False,
        },
        {"host": "db1.example", "failed": True, "msg": "/usr/bin/python3: not found", "rc": 127, "changed": False},
    ]


def hostile_audits() -> list[dict[str, Any]]:
    """The hostile texts in every place where a host's text can stand."""
    results = [
        result(
            f"rule-{name}",
            "critical" if name == "script" else "high",
            title=text,
            subject=text,
            observed=text,
            expected=text,
            evidence={text: text, f"{name}-number": 1},
            path=text,
            line=7,
            claims=[text],
            rationale=text,
            remedy=text,
        )
        for name, text in HOSTILE.items()
    ]
    results += [result(f"unknown-{name}", "low", "unknown", subject=text, reason=text) for name, text in HOSTILE.items()]
    results += [result(f"pass-{name}", "low", "pass", subject=text, observed=text) for name, text in HOSTILE.items()]
    results += [
        result(f"waived-{name}", "low", "waived", subject=text, reason=text, waiver={"reason": text, "expires": text})
        for name, text in HOSTILE.items()
    ]
    advice = [
        cure(text, name != "script", title=text, reason=text, cost=text, risk=text, how=[text, text], claims=[text], wrong=name == "script")
        for name, text in HOSTILE.items()
    ]
    busiest = {"source": HOSTILE["image"], "destination": HOSTILE["script"], "destination_port": 1, "ports": 5}
    capacity = {"time_wait": 5, "bucket_limit": -1, "usable_ports": 0, "busiest": busiest}
    source = {"kind": "snapshot", "path": HOSTILE["attribute"]}
    hosts = [
        audit(
            text,
            *results[index :: len(HOSTILE)],
            kernel_release=text,
            collected_at=text,
            not_seen=[text],
            capacity=capacity,
            source=source,
            advice=advice,
        )
        for index, text in enumerate(HOSTILE.values())
    ]
    return [
        *hosts,
        audit("everything", *results, capacity=capacity, advice=advice),
        {"host": "gone" + HOSTILE["script"], "failed": True, "msg": HOSTILE["attribute"]},
    ]
