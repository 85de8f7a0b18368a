# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from support.namespaces import own_namespaces
from support.transactions import Host, Result, status

KEY = "net.ipv4.tcp_congestion_control"
IPV4 = "/proc/sys/net/ipv4"
DEP = "kernel/net/ipv4/tcp_vegas.ko.xz:\nkernel/net/ipv4/tcp_veno.ko:\n"


@pytest.fixture
def kernel(host: Host) -> Host:
    """A host whose kernel has three algorithms, two of them for everybody, and no modules."""
    host.write("/proc/sys/kernel/osrelease", "6.1.0-9\n")
    host.set(KEY, "cubic")
    host.write(f"{IPV4}/tcp_available_congestion_control", "reno bbr cubic\n")
    host.write(f"{IPV4}/tcp_allowed_congestion_control", "reno cubic\n")
    host.write(f"{IPV4}/tcp_max_orphans", "65536\n")
    return host


def reason(result: Result) -> str:
    return "".join(one["reason"] for one in result["settings"] if one["status"] == "refused")


def refused(host: Host, name: str) -> str:
    """Why, in check mode; "" where it is not refused, and then a run sets it."""
    before = host.state()
    checked = host.call(check=True, settings={KEY: name})
    assert host.state() == before
    run = host.call(settings={KEY: name})
    assert status(run) == status(checked)
    assert run.get("failed", False) is bool(reason(checked))
    assert host.get(KEY) == ("cubic" if run.get("failed") else name)
    return reason(checked)


@pytest.mark.parametrize(("name", "why"), [("cubic", ""), ("bbr", ""), ("nosuch", "the kernel has no algorithm nosuch")])
def test_an_algorithm_that_the_kernel_has(kernel: Host, name: str, why: str) -> None:
    assert refused(kernel, name)[: len(why) or None] == why


def test_another_namespace_takes_only_what_everybody_may_use(kernel: Host) -> None:
    kernel.path(f"{IPV4}/tcp_max_orphans").unlink()
    assert refused(kernel, "bbr").startswith("this network namespace may not have bbr: tcp_allowed_congestion_control of the host is reno")
    assert refused(kernel, "reno") == ""


@pytest.mark.parametrize("folder", ["/lib/modules", "/usr/lib/modules"])
@pytest.mark.parametrize(("name", "taken"), [("vegas", True), ("veno", True), ("ve", False), ("htcp", False)])
def test_a_module_that_would_be_loaded(kernel: Host, folder: str, name: str, taken: bool) -> None:
    kernel.write("/proc/modules", "")
    kernel.write(f"{folder}/6.1.0-9/modules.dep", DEP)
    assert (refused(kernel, name) == "") is taken


def test_where_the_modules_are_not_seen_only_a_try_tells(kernel: Host) -> None:
    kernel.write("/proc/modules", "")
    assert refused(kernel, "htcp") == ""


@pytest.mark.parametrize("missing", ["available", "allowed"])
def test_where_the_kernel_does_not_list_them_only_a_try_tells(kernel: Host, missing: str) -> None:
    kernel.path(f"{IPV4}/tcp_{missing}_congestion_control").unlink()
    assert refused(kernel, "nosuch") == ""


@own_namespaces
@pytest.mark.parametrize("name", ["reno", "bbr", "cubic", "dctcp", "nosuch"])
def test_as_the_kernel_says(name: str) -> None:
    here = Host("")
    try:
        here.set(KEY, name)
        taken = True
    except OSError:
        taken = False
    here.set(KEY, "reno")
    checked = here.call(check=True, scope="runtime", settings={KEY: name})
    assert (reason(checked) == "") is taken, checked
