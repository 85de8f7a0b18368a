# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats of tcp-sysctl-lint."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._lint_formats import FORMATS
from support.repositories import judged

FILES = {
    "b,c/a:b.sh": "sysctl -w net.ipv4.tcp_fin_timeout=5%\nsysctl -w net.ipv4.tcp_tw_recycle=1\n",
    "README.md": "```\nnet.ipv4.tcp_tw_recycle = 1\n```\n",
    "a.conf": "net.ipv4.ip_local_port_range = 1024 65000\n",
}


def test_text_has_a_block_for_each_failure_by_file_and_line(tmp_path: Path) -> None:
    lines = FORMATS["text"](judged(tmp_path, FILES, "any")).splitlines()
    assert [line.split(": ")[:3] for line in lines if line.startswith(("b,c/", "README", "a.conf"))] == [
        ["README.md:2", "low", "recycle-in-boot-file"],
        ["a.conf:1", "info", "ports-same-parity"],
        ["b,c/a:b.sh:1", "medium", "boot-refused-value"],
        ["b,c/a:b.sh:2", "high", "recycle-in-boot-file"],
    ]
    assert lines[0].endswith("tcp_tw_recycle = 1 (an example in a document)")
    assert "Failed: 1 high, 1 medium, 1 low. For hosts of one profile only: 1. Give --profile to judge them." in lines
    assert lines[-1] == "3 files were read. Settings were found in 3 of them."


def test_nothing_wrong_says_what_was_read(tmp_path: Path) -> None:
    assert FORMATS["text"](judged(tmp_path, {"a.txt": "x"})) == "Failed: none.\n1 file was read. No TCP setting was found.\n"


def test_github_escapes_what_it_would_read_as_its_own(tmp_path: Path) -> None:
    lines = FORMATS["github"](judged(tmp_path, FILES, "any")).splitlines()
    assert lines[1].startswith("::notice file=a.conf,line=1,title=ports-same-parity::")
    assert lines[2].startswith("::warning file=b%2Cc/a%3Ab.sh,line=1,title=boot-refused-value::")
    assert "'5%25'" in lines[2]
    assert lines[3].startswith("::error file=")


def test_gitlab_has_a_fingerprint_for_each_issue(tmp_path: Path) -> None:
    issues = json.loads(FORMATS["gitlab"](judged(tmp_path, FILES, "any")))
    assert len({issue["fingerprint"] for issue in issues}) == 4
    assert {issue["severity"] for issue in issues} == {"minor", "info", "major", "critical"}
    assert issues[0]["location"] == {"path": "README.md", "lines": {"begin": 2}}
    assert FORMATS["gitlab"](judged(tmp_path / "other", {"a.txt": "x"})) == "[]\n"
