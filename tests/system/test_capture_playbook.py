# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/capture_tcp.yml, run for real on this machine by ansible-playbook."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load

REPOSITORY = Path(__file__).resolve().parents[2]
PLAYBOOK = REPOSITORY / "playbooks" / "capture_tcp.yml"
SCRIPT = REPOSITORY / "playbooks" / "files" / "capture.sh"


def play(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # From a folder of its own, as somebody would who has the collection installed elsewhere.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment.update(HOME=str(folder.parent), ANSIBLE_NOCOLOR="1", LC_ALL="C.UTF-8")
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(PLAYBOOK), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def inventory(folder: Path, *names: str) -> str:
    path = folder / "inventory"
    path.write_text("".join(f"{name} ansible_connection=local\n" for name in names))
    return str(path)


def script(folder: Path, text: str) -> str:
    path = folder / "script.sh"
    path.write_text(text)
    return f"tcp_capture_script={path}"


def test_this_machine_without_an_inventory(tmp_path: Path) -> None:
    done = play(tmp_path, "-e", "tcp_capture_sample_seconds=1")
    assert done.returncode == 0, done.stdout + done.stderr
    path = tmp_path / "captures" / "localhost.capture"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    snapshot = load(str(path))
    assert snapshot["source"]["kind"] == "capture"
    assert snapshot["sample"]
    assert (snapshot["sysctl"] or {})["net.ipv4.tcp_timestamps"]["state"] == "present"


def test_hosts_of_an_inventory_through_a_terminal(tmp_path: Path) -> None:
    terminal = script(tmp_path, f"echo 'Welcome!'\nsh '{SCRIPT}' | sed 's/$/\\r/'\necho 'Good bye!'\n")
    done = play(tmp_path, "-i", inventory(tmp_path, "one", "two"), "-e", terminal, "-e", "tcp_capture_dest=out")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("one", "two"):
        path = tmp_path / "out" / f"{name}.capture"
        assert b"\r" not in path.read_bytes()
        assert load(str(path))["ipv4_keys"]


def test_check_mode_reads_and_writes_nothing(tmp_path: Path) -> None:
    done = play(tmp_path, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=2" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo linux_tcp.capture/1; echo half", "printed no whole capture bundle"),
        ("echo no sed here >&2; exit 1", "the shell answered 1"),
        ("", "It said: nothing"),
    ],
)
def test_a_host_that_cannot_fails_clearly(tmp_path: Path, text: str, words: str) -> None:
    done = play(tmp_path, "-i", inventory(tmp_path, "one"), "-e", script(tmp_path, text + "\n"))
    assert done.returncode == 2
    assert "No capture of one" in done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert not (tmp_path / "captures").exists()
