# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts that are read line by line: limits, and whatever bytes there are."""

from __future__ import annotations

import time

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._text import (
    MAX_SETTINGS,
    settings_in_text,
    style_of_script,
)
from hypothesis import given, settings
from hypothesis import strategies as st

PIECES = (
    *(
        "net.ipv4.tcp_tw_reuse",
        "net/ipv4/tcp_timestamps",
        "/proc/sys/net/core/somaxconn",
        "net_ipv4_tcp_tw_reuse",
        "sysctl",
        "-w",
        "--sysctl",
    ),
    *(
        "=",
        " ",
        ":",
        "=>",
        "'",
        '"',
        "\n",
        "{",
        "}",
        "[",
        "]",
        "- ",
        "value",
        "name",
        "echo",
        ">",
        "|",
        "tee ",
        "#",
        "if ",
        "fi",
        "{{",
        "}}",
        "$X",
    ),
    *("1", "1024 65535", "```", "<<EOF", "\\", "\t", "\x00", "\x85", "\ud7ff", "é", "::", "state: absent", "sysctls:", "net:", "ipv4:"),
)
NAMES = (
    "a.conf",
    "a.sh",
    "a.yml",
    "a.json",
    "a.nix",
    "a.tf",
    "a.md",
    "a.rst",
    "a.pp",
    "Dockerfile",
    "a.sls",
    "tasks/main.yml",
    "a.conf.j2",
)


@given(st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(NAMES))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read(tmp_path_factory: pytest.TempPathFactory, pieces: list[str], name: str) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("".join(pieces).encode())
    snapshot = load(str(path.parent), "repository")
    validate(snapshot)
    lines = "".join(pieces).count("\n") + 1
    for place in snapshot["places"]:
        assert all(1 <= one["line"] <= lines for one in place["settings"])


@given(st.binary(max_size=400), st.sampled_from(NAMES))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"net.ipv4.tcp_tw_reuse = 1\n" + data)
    validate(load(str(path.parent), "repository"))


def test_a_file_has_so_many_settings_at_most() -> None:
    assert len(settings_in_text("net.ipv4.tcp_tw_reuse = 1\n" * (MAX_SETTINGS + 5), "config")) == MAX_SETTINGS


@pytest.mark.parametrize(
    "piece",
    [
        "net.ipv4.tcp_tw_reuse ", "sysctl net.ipv4.tcp_tw_reuse", "echo 'net.ipv4.tcp_tw_reuse ", "net.", "net.ipv4.", "net_ipv4_",
        "[net][ipv4]",
        "net.ipv4.tcp_tw_reuse=1 ", "{", "if ", "name: net.ipv4.tcp_tw_reuse\n", "<% do ", "value ", "\\n", "\"", "'\"",
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", ["config", "shell", "code"])
def test_time_grows_with_the_length_and_no_faster(piece: str, style: str) -> None:
    def seconds(size: int) -> float:
        text = "net.ipv4.tcp_timestamps = 0\n" + piece * (size // len(piece))
        start = time.process_time()
        settings_in_text(text, style)  # type: ignore[arg-type]
        return time.process_time() - start

    small, large = min(seconds(10_000) for _try in range(2)), min(seconds(80_000) for _try in range(2))
    # Eight times the text: quadratic would be 64 times.
    assert large < 0.05 or large < 25 * small


@pytest.mark.parametrize(
    ("text", "style"),
    [("net.ipv4.tcp_tw_reuse = 1\n", "config"), ("#!/bin/sh\n", "shell"), ("sysctl -w a=1", "shell"), ("cat > x <<EOF\n", "shell")],
)
def test_what_a_text_inside_another_file_is_for(text: str, style: str) -> None:
    assert style_of_script(text) == style
