# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice._runtimes import ALWAYS_SAFE, SAFE_SINCE, SETTINGS, of_namespace

PAGE = (Path(__file__).resolve().parents[5] / "docs" / "containers.md").read_text(encoding="utf-8")


NOT_SAFE = "it is not a safe sysctl, so the kubelet needs --allowed-unsafe-sysctls=net.ipv4.tcp_tw_reuse"


def how(cure: str, runtime: str | None) -> list[str]:
    advice: t.Any = {"id": cure, "how": list(CURES[cure].how)}
    return of_namespace(advice, runtime)["how"] or []


@pytest.mark.parametrize(
    ("cure", "runtime", "line"),
    [
        (
            "reuse",
            "kubernetes",
            'in the pod: securityContext: {sysctls: [{name: net.ipv4.tcp_tw_reuse, value: "1"}]}; ' + NOT_SAFE,
        ),
        (
            "fin-wait2",
            "kubernetes",
            'in the pod: securityContext: {sysctls: [{name: net.ipv4.tcp_fin_timeout, value: "10"}]} (safe since Kubernetes 1.29)',
        ),
        ("reuse", "docker", "docker run --sysctl net.ipv4.tcp_tw_reuse=1 … (in a compose file: sysctls)"),
        ("wider-range", "podman", "podman run --sysctl 'net.ipv4.ip_local_port_range=16384 65535' … (in a compose file: sysctls)"),
        (
            "timestamps-on",
            None,
            (
                "inside this network namespace: sysctl -w net.ipv4.tcp_timestamps=1. It is lost when the namespace ends: "
                "docs/containers.md says how to keep it"
            ),
        ),
    ],
)
def test_the_lines_for_a_runtime(cure: str, runtime: str | None, line: str) -> None:
    assert how(cure, runtime)[0] == line


@pytest.mark.parametrize("cure", CURES)
@pytest.mark.parametrize("runtime", ["kubernetes", None])
def test_no_cure_there_is_a_role_alone(cure: str, runtime: str | None) -> None:
    """One that names a role has settings, and they stand in place of it."""
    steps = how(cure, runtime)
    assert (cure in SETTINGS) is (steps != list(CURES[cure].how))
    if cure in SETTINGS:
        assert SETTINGS[cure][0] in steps[0]


def test_what_is_safe_is_as_the_page_says() -> None:
    rows = re.findall(r"^\| (`net\..*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    names = {key: since for keys, since in rows for key in re.findall(r"`([a-z_0-9.]+)`", keys)}
    safe = {key if key.startswith("net.") else f"net.ipv4.{key}": since for key, since in names.items()}
    for key, _value in SETTINGS.values():
        assert ("always" if key in ALWAYS_SAFE else SAFE_SINCE.get(key)) == safe.get(key)
