# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that fail for real, each in a network namespace: the audit names what is wrong, and a first cure that cures it.

And hosts that work, of which nothing above low is said. Pods are audited from within: from their host they are not seen.
"""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from support import sick
from support.namespaces import Unavailable, own_namespaces
from support.sick import KEPT, SERVER, failed, first_cure, grave, seen


@pytest.mark.parametrize(("destinations", "each", "severity"), [(10, 100, "critical"), (10, 90, "high"), (6, 50, "medium")])
@own_namespaces
def test_a_program_that_binds_first(destinations: int, each: int, severity: str) -> None:
    sick.settings(1000, tcp_tw_reuse=1)
    sick.bound_first([sick.listen(8000 + number) for number in range(destinations)], each)
    if severity == "critical":
        fresh = sick.listen(9000)
        assert set(sick.errors_of_connects(fresh.getsockname(), 50)) == {errno.EADDRNOTAVAIL}
    judged = seen()
    result = failed(judged, "ports-bound-first")
    assert (result["severity"], result["subject"], result["decides"]) == (severity, SERVER, True)
    assert first_cure(judged) == "bind-no-port"


@own_namespaces
def test_a_program_that_binds_without_a_port_is_left_in_peace() -> None:
    sick.settings(1000, tcp_tw_reuse=1)
    sick.bound_first([sick.listen(8000 + number) for number in range(10)], 45, no_port=True)
    assert not [one for one in seen()["results"] if one["id"] == "ports-bound-first" and one["status"] == "fail"]


@pytest.mark.parametrize(("ports", "taken"), [(2000, 1060), (300, 160)])
@own_namespaces
def test_a_range_that_is_half_full(ports: int, taken: int) -> None:
    sick.settings(ports, tcp_tw_reuse=0)
    sick.time_waits(sick.listen(8080), taken)
    judged = seen()
    result = failed(judged, "ports-pressure")
    assert (result["severity"], result["subject"], result["decides"]) == ("medium", f"{SERVER} to {SERVER}:8080", True)
    assert (judged["capacity"]["reuse"], judged["capacity"]["knee_ports"]) == ("no", ports // 2)
    assert "half of" in CATALOGUE["ports-pressure"].rationale
    assert first_cure(judged) == "reuse"


@pytest.mark.parametrize(("per_second", "sample_seconds"), [(300, 0), (600, 0), (600, 1)])
@own_namespaces
def test_a_hardened_client_that_works(per_second: int, sample_seconds: float) -> None:
    sick.settings(1000, tcp_tw_reuse=1)
    with sick.short_connections(sick.listen(8080), per_second, 1200) as errors:
        judged = seen("client_host", sample_seconds)
    if errors:
        pytest.skip(f"this machine is too slow for the load: {errno.errorcode.get(errors[0])}")
    assert [one for one in grave(judged) if not one.startswith("ports-few")] == []
    assert (judged["capacity"]["reuse"], judged["capacity"]["connections_per_second"]) == ("proven", 1000)


@pytest.mark.parametrize(("ports", "connections", "severity"), [(200, 230, "critical"), (100, 90, "high"), (200, 110, "medium")])
@own_namespaces
def test_a_gateway_whose_source_nat_runs_out(ports: int, connections: int, severity: str) -> None:
    sick.gateway(30000, ports)
    with sick.clients(connections) as reached:
        judged = seen("fullnat_lb")
    assert reached == min(ports, connections)
    result = failed(judged, "snat-pressure")
    assert (result["severity"], result["subject"]) == (severity, "192.0.2.1 to 192.0.2.130:8080 (tcp)")
    assert f"of {ports} ports" in result["observed"]
    if connections > ports:
        assert failed(judged, "conntrack-drops")["severity"] == "high"
    assert first_cure(judged) == "more-snat-addresses"


@own_namespaces
def test_a_connection_tracking_table_that_is_nearly_full() -> None:
    most = int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())
    if most > 300_000:
        raise Unavailable("needs a smaller nf_conntrack_max: the test fills the table")
    Path("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait").write_text("10")
    sick.tracked_packets(most * 9 // 10)
    judged = seen()
    assert failed(judged, "conntrack-nearly-full")["severity"] == "high"
    assert first_cure(judged) == "raise-conntrack"


@pytest.mark.parametrize("ports", [200, 500])
@own_namespaces
def test_a_client_that_never_closes(ports: int) -> None:
    sick.settings(ports)
    listener = sick.listen(8080)
    sick.close_waits(listener, ports, "client")
    assert set(sick.errors_of_connects(listener.getsockname(), 5)) == {errno.EADDRNOTAVAIL}
    judged = seen()
    result = failed(judged, "close-wait-leak")
    assert (result["severity"], result["subject"]) == ("high", f"{SERVER} to {SERVER}:8080")
    assert failed(judged, "ports-pressure")["severity"] == "critical"
    assert first_cure(judged) == "close-leak"


@pytest.mark.parametrize("ports", [200, 400])
@own_namespaces
def test_a_server_that_never_closes(ports: int) -> None:
    sick.settings(ports, tcp_fin_timeout=60)
    listener = sick.listen(8080)
    sick.fin_wait2_orphans(listener, ports)
    assert set(sick.errors_of_connects(listener.getsockname(), 5)) == {errno.EADDRNOTAVAIL}
    judged = seen()
    assert failed(judged, "fin-wait2-orphans")["severity"] == "high"
    assert first_cure(judged) == "fin-wait2"
    (fin_timeout,) = [one for one in judged["advice"] if one["id"] == "fin-timeout"]
    assert (fin_timeout["applies"], fin_timeout["wrong"]) == (True, False)


@pytest.mark.parametrize(("ports", "connects"), [(200, 190), (1000, 600)])
@own_namespaces
def test_a_destination_that_does_not_answer(ports: int, connects: int) -> None:
    sick.settings(ports)
    sick.unanswered(connects)
    judged = seen()
    result = failed(judged, "peer-unreachable")
    assert (result["severity"], result["subject"]) == ("high", "198.51.100.1 to 198.51.100.80:443")
    assert first_cure(judged) == "dead-peer"


@pytest.mark.parametrize(("backlog", "connects"), [(5, 60), (50, 80)])
@own_namespaces
def test_an_accept_queue_that_overflows(backlog: int, connects: int) -> None:
    sick.waiting_connects(sick.listen(8080, backlog=backlog), connects)
    judged = seen("backend")
    result = failed(judged, "accept-queue-overflow")
    assert (result["severity"], result["subject"]) == ("high", f"{SERVER}:8080")
    assert first_cure(judged) == "accept-faster"


@pytest.mark.parametrize(("count", "sample_seconds"), [(3000, 0), (500, 0.1)])
@own_namespaces
def test_a_server_that_leaks(count: int, sample_seconds: float) -> None:
    sick.settings(20000)
    sick.close_waits(sick.listen(8080), count, "server")
    judged = seen("backend", sample_seconds)
    result = failed(judged, "close-wait-leak")
    assert (result["severity"], result["subject"]) == ("medium", "port 8080")
    assert str(count) in result["observed"]
    assert first_cure(judged) == "close-leak"


@own_namespaces
def test_a_udp_service_inside_the_range() -> None:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("0.0.0.0", 51820))
    KEPT.append(one)
    assert "51820" in failed(seen(), "ports-under-listener")["observed"]


@own_namespaces
def test_two_devices_with_the_same_addresses() -> None:
    sick.settings(1000)
    with sick.servers_behind("one", "two"):
        for device in ("one", "two"):
            for _each in range(350):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
                client.connect(("192.0.2.130", 8080))
                KEPT.append(client)
        judged = seen("client_host")
    found = [one for one in judged["results"] if one["id"] == "ports-pressure"]
    assert [one["status"] for one in found] == ["pass"]
    assert [one for one in grave(judged) if not one.startswith("ports-few")] == []


@own_namespaces
def test_settings_that_no_file_keeps() -> None:
    (sick.IPV4 / "tcp_tw_reuse").write_text("1")
    (sick.IPV4 / "tcp_fin_timeout").write_text("10")
    judged = seen("client_host")
    named = {one["subject"]: one["severity"] for one in judged["results"] if one["id"] == "boot-unsaved" and one["status"] == "fail"}
    # Low, since boot files set the keys of another namespace; where they apply, the first is medium (test_planted_faults).
    assert named == {"net.ipv4.tcp_tw_reuse": "low", "net.ipv4.tcp_fin_timeout": "low"}
