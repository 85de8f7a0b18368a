# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the inventory names a host."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._inventory import places_of


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("web1\n", 1),
        ("# all\n[backends]\nweb10\nweb1 ansible_host=192.0.2.1\n", 4),
        ("all:\n  hosts:\n    web1:\n", 3),
        ('{"all": {"hosts": {"web1": {}}}}', 1),
        ("web1.example\nxweb1\nweb1-a\n", None),
        ("web2\nweb1\nweb1\n", 2),
    ],
)
def test_the_first_line_with_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int | None) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts").write_text(text)
    assert places_of(["web1"], [str(tmp_path / "hosts")]) == ({} if line is None else {"web1": ("hosts", line)})


def test_files_of_a_folder_and_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "..")
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "b.ini").write_text("web1\nweb2\n")
    (folder / "a.ini").write_text("web1\n")
    (folder / "script").write_text("web2\n")
    (folder / "script").chmod(0o755)
    (folder / "bytes").write_bytes(b"\xff web3\n")
    found = places_of(["web1", "web2", "web3", "web4"], ["web4,", "/no/such", str(folder)])
    name = tmp_path.name
    assert found == {
        "web1": (f"{name}/inventory/a.ini", 1),
        "web2": (f"{name}/inventory/b.ini", 2),
        "web3": (f"{name}/inventory/bytes", 1),
    }


def test_a_path_elsewhere_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "hosts").write_text("web1\n")
    assert places_of(["web1"], [str(tmp_path / "hosts")]) == {"web1": (str(tmp_path / "hosts"), 1)}
