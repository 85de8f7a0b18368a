# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real haproxy and nginx in a container, probed over a wire of its own: the table of docs/probe.md, measured again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from containers import engine
from support.container_image import image
from support.peers import make_certificate

REPOSITORY = Path(__file__).resolve().parents[2]
SERVERS = REPOSITORY / "tests" / "support" / "probed"
CLIENT = REPOSITORY / "tests" / "support" / "probed_client.py"
GUIDE = (REPOSITORY / "docs" / "probe.md").read_text(encoding="utf-8")
SECURE = 100
# The ports of the table's rows, in its order; with TLS they are SECURE higher.
PORTS = (8001, 8002, 8003, 8004, 8005, 8006, 8011, 8012, 8013, 8014, 8015)
WORDS = {"not asked": None}
NOLINGER = 8005


class Row(NamedTuple):
    """One row of the table. closes: in the order of ProbeCloses. kept: seconds, None for longer than the bound."""

    port: int
    secure: bool
    closes: tuple[str | None, ...]
    kept: float | None


def rows() -> list[Row]:
    found = []
    lines = [line for line in GUIDE.splitlines() if re.match(r"\| (haproxy|nginx)", line)]
    for port, line in zip(PORTS, lines, strict=True):
        _server, tls, *closes, kept = (cell.strip() for cell in line.strip("|").split("|"))
        seconds = re.match(r"([0-9]+) s\Z", kept)
        for secure in (False, True)[: 2 if tls == "both" else 1]:
            answers = tuple(WORDS.get(word, word) for word in closes)
            found.append(Row(port + SECURE * secure, secure, answers, float(seconds[1]) if seconds else None))
    return found


ROWS = rows()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a container with both servers."""
    name = f"tcp-test-{os.getpid()}-probe"
    folder = tmp_path_factory.mktemp("server") / "probed"
    shutil.copytree(SERVERS, folder)
    certificate = make_certificate(folder)
    (folder / "server.pem").write_bytes(certificate.certificate.read_bytes() + certificate.key.read_bytes())
    try:
        engine.start(image(), name)
        engine.podman("cp", str(folder), f"{name}:/")
        engine.podman(
            "exec", name, "sh", "-c", "mkdir -p /var/log/nginx && haproxy -D -f /probed/haproxy.cfg && nginx -c /probed/nginx.conf"
        )
        yield name
    except engine.Problem as problem:
        pytest.skip(f"needs containers: {problem}")
    finally:
        engine.podman("rm", "--force", "--time=0", name, check=False)


@pytest.fixture(scope="module", params=[1, 0], ids=["timestamps", "no-timestamps"])
def measured(server: str, request: pytest.FixtureRequest) -> tuple[bool, dict[str, Any]]:
    """Whether the server's timestamps were on, and what probed_client.py printed."""
    pid = engine.podman("inspect", "--format={{.State.Pid}}", server).stdout.strip()
    lists = (",".join(str(row.port) for row in ROWS if row.secure == secure) for secure in (False, True))
    command = ["unshare", "--net", sys.executable, str(CLIENT), pid, str(request.param), *lists]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if "unshare failed" in done.stderr:
        pytest.skip(f"needs a network namespace of its own: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return bool(request.param), json.loads(done.stdout)


def test_the_table_in_the_guide(measured: tuple[bool, dict[str, Any]]) -> None:
    timestamps, answers = measured
    seen: dict[int, list[dict[str, Any]]] = {}
    for probe in answers["probes"]:
        seen.setdefault(probe["port"], []).append(probe)
    for row in ROWS:
        assert [probe["family"] for probe in seen[row.port]] == ["ipv4", "ipv6"]
        for probe in seen[row.port]:
            assert (probe["reached"], probe["timestamps"], probe["sack"], probe["window_scaling"]) == (True, timestamps, True, True)
            assert tuple(probe["http"]["closes"].values()) == row.closes, probe
            assert (probe["tls"] is not None) == row.secure
            kept = probe["http"]["keep_alive_seconds"]
            assert (kept is None) == (row.kept is None), probe
            assert kept is None or abs(kept - (row.kept or 0)) < 0.9, probe


def test_the_kernels_keep_time_wait_where_the_probe_says(measured: tuple[bool, dict[str, Any]]) -> None:
    held = measured[1]["time_wait"]
    families = 2
    for row in ROWS:
        if row.port % SECURE == NOLINGER % SECURE:
            # A reset follows its FIN.
            continue
        assert held[str(row.port)]["peer"] == families * (row.closes.count("peer") + row.closes.count("error")), row
        # Under TLS the server's farewell may reach a socket that is closed, and is then answered by a reset.
        assert held[str(row.port)]["local"] == families * row.closes.count("local") or row.secure, row


def test_the_guide_names_what_was_measured(server: str) -> None:
    haproxy = engine.podman("exec", server, "haproxy", "-v").stdout
    nginx = engine.podman("exec", server, "sh", "-c", "nginx -v 2>&1").stdout
    versions = [re.search(pattern, text) for pattern, text in ((r"version ([0-9.]+)", haproxy), (r"nginx/([0-9.]+)", nginx))]
    if os.environ.get("CONTAINER_IMAGE"):
        pytest.skip("another image may have other versions")
    assert [found and f"{name} {found[1]}" in GUIDE for name, found in zip(("haproxy", "nginx"), versions)] == [True, True]
