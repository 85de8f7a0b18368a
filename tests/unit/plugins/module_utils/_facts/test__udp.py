# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDP sockets on ephemeral ports: tables of the kernel, and the real kernel against ss."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._udp import MAX_UDP, udp_listeners
from hypothesis import given
from hypothesis import strategies as st

HEADER = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
RANGE = (32768, 60999)


def row(address: str, port: int, peer: str = "00000000:0000") -> str:
    return f"  100: {address}:{port:04X} {peer} 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0\n"


def test_sockets_without_a_peer_on_ephemeral_ports() -> None:
    table = HEADER + "".join(
        [
            row("00000000", 51820),
            row("0100007F", 32768),
            row("00000000", 60999),
            row("00000000", 61000),
            row("00000000", 53),
            row("0A0200C0", 40000, "500200C0:0035"),
            row("00000000", 51820),
        ]
    )
    table6 = HEADER + row("0" * 32, 51820, "0" * 32 + ":0000") + row("0" * 24 + "01000000", 40000, "0" * 31 + "1:0035")
    assert [(one["family"], one["address"], one["port"]) for one in udp_listeners([table, table6], RANGE)] == [
        ("ipv4", "127.0.0.1", 32768),
        ("ipv4", "0.0.0.0", 51820),
        ("ipv6", "::", 51820),
        ("ipv4", "0.0.0.0", 60999),
    ]


def test_there_is_a_bound() -> None:
    assert len(udp_listeners([HEADER + "".join(row("00000000", port) for port in range(40000, 41000))], RANGE)) == MAX_UDP


@given(st.lists(st.text(max_size=200) | st.just(row("00000000", 51820)), max_size=5))
def test_any_text_is_a_table(lines: list[str]) -> None:
    assert {one["port"] for one in udp_listeners(["".join(lines)], RANGE)} <= set(range(*RANGE))


SCENARIO = """
import json, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._udp import TABLES, udp_listeners
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
made = []
for family, address, port in ((socket.AF_INET, "0.0.0.0", 51820), (socket.AF_INET, "127.0.0.1", 40000), (socket.AF_INET6, "::", 51821),
                              (socket.AF_INET6, "::1", 40001), (socket.AF_INET, "0.0.0.0", 53)):
    one = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind((address, port))
    made.append(one)
connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
connected.connect(("127.0.0.1", 40000))
ours = udp_listeners([open(path).read() for path in TABLES], (32768, 60999))
print(json.dumps({"ours": ours, "ss": subprocess.run(["ss", "-Huan"], capture_output=True, text=True, check=True).stdout}))
"""


def test_they_are_those_that_ss_sees(tmp_path: Path) -> None:
    for tool in ("unshare", "ip", "ss"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    if subprocess.run(["unshare", "-r", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a network namespace of its own, which this machine does not allow")
    script = tmp_path / "scenario.py"
    script.write_text(SCENARIO)
    root = Path(__file__).resolve().parents[5] / "playbooks/collections"
    ran = subprocess.run(["unshare", "-r", "-n", sys.executable, str(script), str(root)], check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    seen = set()
    for line in told["ss"].splitlines():
        _state, _received, _sent, local, remote = line.split()[:5]
        address, port = local.rsplit(":", 1)
        if remote.endswith(":*") and 32768 <= int(port) <= 60999:
            seen.add((address.strip("[]"), int(port)))
    assert {(one["address"], one["port"]) for one in told["ours"]} == seen
    assert len(seen) == 4
