# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about the next boot of a host is what its kernel has after it, whoever writes at boot."""

from __future__ import annotations

import datetime
import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import AT_START, boot, last_words
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_writers import boot_sequence
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from containers import engine
from containers.hosts import Host, host
from containers.module_runs import container, facts, install, run_module

TIMESTAMPS, REUSE, FIN = "net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_fin_timeout"
BUCKETS, RANGE = "net.ipv4.tcp_max_tw_buckets", "net.ipv4.ip_local_port_range"
KEYS = (TIMESTAMPS, REUSE, FIN, BUCKETS, RANGE)
OF_UFW = {FIN: "25"}
OF_TUNED = {BUCKETS: "5000", RANGE: "30000 61000"}
TUNED_MAIN, TUNED_LOG = "/etc/tuned/tuned-main.conf", "/var/log/tuned/tuned.log"


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    install(host("firewall"), host("alpine"))


def predicted(on: Host) -> dict[str, str]:
    """What each key will hold that some program sets at the next boot."""
    files = facts(on)["boot_files"]
    assert files
    assert files["applied_by"], files["why_not_applied"]
    ends = last_words(boot(files, boot_sequence(files, files["applied_by"]), list(KEYS), AT_START))
    return {key: " ".join((end.raw or "").split()) for key, end in ends.items() if key in KEYS}


def after_a_boot(on: Host) -> dict[str, str]:
    on.infra.check_output(f"mkdir -p {os.path.dirname(TUNED_LOG)}; : > {TUNED_LOG}")
    engine.restart(container(on))
    if on.infra.run("systemctl is-enabled tuned.service").rc == 0:
        # Its unit counts as started before it has written anything.
        on.infra.check_output(f"timeout 60 sh -c \"until grep -q 'static tuning .* applied' {TUNED_LOG}; do sleep 0.1; done\"")
    return dict(zip(KEYS, on.live(*KEYS)))


def failures(on: Host, rule: str) -> dict[str, str | None]:
    """Subject to the path that is to blame."""
    options = AuditOptions(profile="backend", fail_on="high", waivers=[], today=datetime.date(2026, 1, 1))
    results = audit(facts(on), "host", options)["results"]
    return {result["subject"]: result["path"] for result in results if result["id"] == rule and result["status"] == "fail"}


@pytest.mark.parametrize(
    ("reapply", "expected"),
    [
        # TuneD lets the files of sysctl.d have the last word, also over ufw's.
        (1, {TIMESTAMPS: "1", REUSE: "1", **OF_UFW, **OF_TUNED}),
        (0, {TIMESTAMPS: "0", REUSE: "0", **OF_UFW, **OF_TUNED}),
    ],
)
def test_ufw_and_tuned(reapply: int, expected: dict[str, str]) -> None:
    on = host("firewall")
    on.infra.check_output(f"sed -i 's/^reapply_sysctl.*/reapply_sysctl = {reapply}/' {TUNED_MAIN}")
    assert predicted(on) == expected
    assert after_a_boot(on) == expected


def test_other_writers_are_told_with_their_files() -> None:
    told = failures(host("firewall"), "boot-other-writer")
    assert told[TIMESTAMPS] == "/etc/ufw/sysctl.conf"
    assert told[REUSE] == "/etc/tuned/tcp/tuned.conf"


def test_a_role_wins_against_ufw_where_it_may_comment_out_its_lines() -> None:
    on = host("firewall")
    on.infra.check_output("systemctl --quiet disable tuned.service")
    done = run_module(on, name="backend", settings={TIMESTAMPS: "1", FIN: "30"}, on_conflict="comment_out")
    assert not done.get("failed"), done
    expected = {**predicted(on), TIMESTAMPS: "1", FIN: "30", RANGE: "20000 60000"}
    booted = after_a_boot(on)
    assert {key: booted[key] for key in expected} == expected
    assert not run_module(on, name="backend", settings={TIMESTAMPS: "1", FIN: "30"}, on_conflict="comment_out")["changed"]


def test_openrc_with_busybox() -> None:
    on = host("alpine")
    expected = {TIMESTAMPS: "0", REUSE: "0", BUCKETS: "4096"}
    assert predicted(on) == expected
    booted = after_a_boot(on)
    assert {key: booted[key] for key in expected} == expected
    # The kernel's own: no line for it was understood.
    assert booted[FIN] == "60"


def test_a_role_knows_who_writes_after_it_under_openrc() -> None:
    on = host("alpine")
    done = run_module(on, name="backend", settings={TIMESTAMPS: "1", REUSE: "1"}, on_conflict="comment_out")
    assert not done.get("failed"), done
    booted = after_a_boot(on)
    assert (booted[TIMESTAMPS], booted[REUSE]) == ("1", "1")
