# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._endpoints import MAX_ADDRESSES, MAX_AT_A_TIME
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import (
    MAX_ENDPOINTS,
    MAX_TIMEOUT_SECONDS,
    MIN_SECONDS,
)
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_probe
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._probe_types import Probe, ProbeCloses, ProbeHttp, ProbeTls
from support.peers import make_certificate, secured, serving, well_behaved

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("check_mode", [False, True])
def test_it_probes_and_changes_nothing(run_module: Run, tmp_path: Any, check_mode: bool) -> None:
    certificate = make_certificate(tmp_path)
    with serving(well_behaved) as plain, serving(secured(certificate, well_behaved), "::1") as secure:
        result = run_module(
            tcp_probe.main,
            endpoints=[
                {"host": "127.0.0.1", "port": plain.port, "http": True},
                {"host": "[::1]", "port": str(secure.port), "tls": {"ca_path": str(certificate.certificate)}, "http": {"path": "/x"}},
                {"host": "127.0.0.1", "port": plain.port, "http": "yes", "tls": "no"},
            ],
            keep_alive_bound=2.0,
            _ansible_check_mode=check_mode,
        )
    assert not result.get("changed")
    first, second = result["endpoints"]
    assert set(first) == set(second) == set(Probe.__annotations__)
    assert set(first["http"]) == set(ProbeHttp.__annotations__)
    assert set(first["http"]["closes"]) == set(ProbeCloses.__annotations__)
    assert set(second["tls"]) == set(ProbeTls.__annotations__)
    for one, address in ((first, "127.0.0.1"), (second, "::1")):
        assert (one["host"], one["address"], one["source"], one["reached"], one["error"]) == (address, address, address, True, None)
        assert one["http"]["closes"] == {"connection_close": "peer", "http_1_0": "peer", "keep_alive": "local"}
        assert one["http"]["keep_alive_bound"] == 2.0
    assert (plain.connections, secure.connections) == (3, 3)


def test_bad_endpoints_are_results_and_not_failures(run_module: Run) -> None:
    result = run_module(tcp_probe.main, endpoints=[{"host": "127.0.0.1", "port": 65536}, {"host": "127.0.0.1", "port": 9}])
    assert not result.get("failed")
    assert [one["error"] for one in result["endpoints"]] == ["INVALID", "ECONNREFUSED"]


def test_thousands_are_refused_before_anything_is_sent(run_module: Run) -> None:
    with serving(well_behaved) as peer:
        endpoints = [{"host": "127.0.0.1", "port": peer.port, "timeout": 1 + number / 1000} for number in range(3000)]
        result = run_module(tcp_probe.main, endpoints=endpoints)
    assert result["failed"]
    assert result["msg"] == "endpoints: one task takes at most 256 different endpoints, not 3000. Nothing was sent."
    assert peer.connections == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "missing required arguments: endpoints"),
        ({"endpoints": "web.example:80"}, "dictionary requested"),
        ({"endpoints": [{"host": "web.example"}]}, "missing required arguments: port found in endpoints"),
        ({"endpoints": [{"host": "web.example", "port": "http"}]}, "port"),
        ({"endpoints": [{"host": "web.example", "port": 80, "path": "/"}]}, "path"),
        (
            {"endpoints": [{"host": "web.example", "port": 80, "tls": "perhaps"}]},
            "endpoints, entry 1: tls must be true, false or a dictionary",
        ),
        ({"endpoints": [], "keep_alive_bound": 0}, "keep_alive_bound must be between 0.1 and 300, not 0.0"),
        ({"endpoints": [], "keep_alive_bound": "nan"}, "keep_alive_bound must be between 0.1 and 300, not nan"),
        ({"endpoints": [], "max_seconds": 601}, "max_seconds must be between 1 and 600, not 601.0"),
    ],
)
def test_bad_options_are_named(run_module: Run, options: dict[str, object], message: str) -> None:
    result = run_module(tcp_probe.main, **options)
    assert result["failed"]
    assert message in result["msg"]
    assert "endpoints" not in result


def test_no_endpoints_are_no_error(run_module: Run) -> None:
    assert run_module(tcp_probe.main, endpoints=[])["endpoints"] == []


def test_every_part_of_a_result_is_documented() -> None:
    returned = yaml.safe_load(tcp_probe.RETURN)["endpoints"]["contains"]
    assert set(returned) == set(Probe.__annotations__)
    for name, parts in (("tls", ProbeTls), ("http", ProbeHttp)):
        for part in parts.__annotations__:
            assert f"C({part})" in str(returned[name]["description"])
            assert part in returned[name]["sample"]


def test_the_documented_bounds_are_the_real_ones() -> None:
    documented = yaml.safe_load(tcp_probe.DOCUMENTATION)
    text = str(documented["description"])
    assert f"At most {MAX_AT_A_TIME} connections" in text
    assert f"at most {MAX_ENDPOINTS} different endpoints" in text
    assert f"at most {MAX_ADDRESSES} addresses" in text
    for name, (low, high) in tcp_probe.BOUNDS.items():
        assert f"V({low}) and V({high})" in str(documented["options"][name]["description"])
    timeout = documented["options"]["endpoints"]["suboptions"]["timeout"]
    assert f"V({MIN_SECONDS}) and V({MAX_TIMEOUT_SECONDS})" in str(timeout["description"])
