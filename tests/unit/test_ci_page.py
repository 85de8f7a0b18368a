# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/ci.md tells people to copy: it is YAML, and each command line in it works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._lint import main
from support.repositories import write

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = sorted(
    {match for _form, block in BLOCKS for match in re.findall(r"tcp-sysctl-lint((?: --[\w-]+ [\w.]+)*)'?$", block, re.MULTILINE)}
)


@pytest.mark.parametrize("block", [block for form, block in BLOCKS if form == "yaml"])
def test_it_is_yaml(block: str) -> None:
    assert yaml.safe_load(block)


@pytest.mark.parametrize("words", COMMANDS)
def test_each_command_line_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    write(tmp_path, {"a.conf": "net.ipv4.tcp_tw_recycle = 1\n"})
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(words)) == (0 if "never" in words else 2)


def test_the_page_shows_each_format() -> None:
    assert {word for words in COMMANDS for word in re.findall(r"--format (\w+)", words)} == {"sarif", "github", "junit", "gitlab"}


def test_its_waivers_are_waivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waivers = next(block for form, block in BLOCKS if form == "yaml" and block.startswith("- rule:"))
    write(tmp_path, {"legacy/a.conf": "net.ipv4.tcp_timestamps = 0\n", "w.yml": waivers.replace("2027", "2999")})
    monkeypatch.chdir(tmp_path)
    assert main(["--profile", "client_host", "--fail-on", "medium", "--waivers", "w.yml"]) == 0
    assert main(["--profile", "client_host", "--fail-on", "medium"]) == 2
