# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _nat_live
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._conntrack import SnatTally
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._nat import look
from support.namespaces import Unavailable, own_namespaces

EMPTY = '{"nftables": []}'
POOL = '{"nftables": [{"rule": {"expr": [{"masquerade": {"port": {"range": [1024, 2047]}}}]}}]}'
TRANSLATED = '{"nftables": [{"rule": {"expr": [{"xt": {"type": "target", "name": "MASQUERADE"}}]}}]}'
SAVED = "*nat\n-A POSTROUTING -j MASQUERADE --to-ports 3000-3999\nCOMMIT"
NF_TABLES_LOADED = {"/proc/modules": {"nf_conntrack", "nf_tables"}}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the module looks for tools, and a kernel that tracks nothing of this machine's."""
    monkeypatch.setattr(_nat_live, "FOLDERS", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(_nat_live, "snat_uses", lambda _top: (_done(), []))
    loaded(monkeypatch, NF_TABLES_LOADED)
    return tmp_path


def _done() -> SnatTally:
    tally = SnatTally()
    tally.done = True
    return tally


def loaded(monkeypatch: pytest.MonkeyPatch, words: dict[str, set[str]]) -> None:
    monkeypatch.setattr(_nat_live, "_words", lambda path: words.get(path, set()))


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {name} >> {folder}/started\n{script}\n")
    path.chmod(0o755)


def prints(folder: Path, name: str, text: str) -> None:
    tool(folder, name, f"cat <<'END'\n{text}\nEND")


def started(folder: Path) -> list[str]:
    path = folder / "started"
    return path.read_text().split() if path.exists() else []


def ranges(tracked: int = 1) -> tuple[list[tuple[int | None, int | None]] | None, str | None, list[str]]:
    nat, not_seen = look(tracked, False, 5)
    pools = nat["pools"]
    found = None if pools is None else [(one["first_port"], one["last_port"]) for one in pools]
    return found, nat["rules_from"], not_seen


def test_rules_of_nft(tools: Path) -> None:
    prints(tools, "nft", POOL)
    assert ranges() == ([(1024, 2047)], "nft", [])
    assert started(tools) == ["nft"]


def test_rules_of_iptables_come_from_its_own_tool(tools: Path) -> None:
    prints(tools, "nft", TRANSLATED)
    prints(tools, "iptables-nft-save", SAVED)
    assert ranges() == ([(3000, 3999)], "iptables-save", [])


def test_rules_of_both_kinds_are_taken(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, {**NF_TABLES_LOADED, "/proc/net/ip_tables_names": {"nat"}})
    prints(tools, "nft", POOL)
    prints(tools, "iptables-legacy-save", SAVED)
    assert ranges() == ([(1024, 2047), (3000, 3999)], "iptables-save", [])


def test_legacy_rules_that_cannot_be_read_make_the_whole_unknown(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a narrow pool could be among them, and the kernel's own wide range be taken for it."""
    loaded(monkeypatch, {**NF_TABLES_LOADED, "/proc/net/ip_tables_names": {"nat"}})
    prints(tools, "nft", EMPTY)
    assert ranges() == (None, None, ["The firewall's rules were not read: iptables-legacy-save could not be started (ENOENT)."])


def test_a_tool_that_would_load_modules_is_not_started(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prints(tools, "nft", POOL)
    prints(tools, "xtables-legacy-multi", SAVED)
    (tools / "iptables-save").symlink_to("xtables-legacy-multi")
    loaded(monkeypatch, {"/proc/modules": {"nf_conntrack"}})
    assert ranges() == (None, None, ["The firewall's rules were not read: no tool for them is in use here."])
    loaded(monkeypatch, NF_TABLES_LOADED)
    prints(tools, "nft", TRANSLATED)
    assert ranges()[0] is None
    assert started(tools) == ["nft"]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 1", "nft failed or took longer than 0.5 s (exit code 1)"),
        ("exec sleep 60", "nft failed or took longer than 0.5 s (exit code -9)"),
        ("exec cat /dev/zero", "nft printed more than 1 MiB"),
        ("echo no", "nft answered something else than JSON"),
    ],
)
def test_a_tool_that_misbehaves(tools: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str) -> None:
    monkeypatch.setattr(_nat_live, "PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(_nat_live, "MAX_RULES_BYTES", 1 << 20)
    tool(tools, "nft", script)
    assert ranges() == (None, None, [f"The firewall's rules were not read: {problem}."])


def test_a_refused_dump_is_no_empty_table(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_nat_live, "snat_uses", lambda _top: (None, ["refused"]))
    prints(tools, "nft", EMPTY)
    nat, not_seen = look(1, True, 5)
    assert (nat["snat"], nat["pools"], nat["kubernetes"], not_seen) == (None, [], True, ["refused"])


@own_namespaces
def test_a_real_gateway_with_rules_of_three_tools() -> None:
    rules = "table ip t {\n chain c {\n type nat hook postrouting priority srcnat\n ip daddr 127.0.0.9 snat to 127.0.0.5\n }\n}\n"
    ports = ["-t", "nat", "-A", "POSTROUTING", "-p", "tcp", "-j", "MASQUERADE", "--to-ports"]
    try:
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True, capture_output=True)
        subprocess.run(["iptables-nft", *ports, "1000-1999"], check=True, capture_output=True)
        subprocess.run(["iptables-legacy", *ports, "3000-3999"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs nft and iptables: {error}") from None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.9", 99))
    nat, not_seen = look(1, False, 5)
    assert not_seen == []
    assert nat["snat_entries"] == 1
    assert [(one["low"], one["first_port"]) for one in nat["pools"] or ()] == [("127.0.0.5", None), (None, 1000), (None, 3000)]
