# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real containers, with systemd and without, as an audit of their node finds and names them."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._other_namespaces import gather_others
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from containers import engine
from support.container_image import image

PREFIX = f"tcp-test-{os.getpid()}-names"


@pytest.fixture(scope="module", params=["systemd", "one process"])
def container(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The host name and the id of a container."""
    name = f"{PREFIX}-{request.param.replace(' ', '-')}"
    try:
        if request.param == "systemd":
            engine.start(image(), name, "net_admin", "--network=none")
        else:
            engine.podman(
                "run",
                "--detach",
                f"--name={name}",
                f"--hostname={name}",
                f"--label={engine.LABEL}",
                "--network=none",
                "--sysctl=net.ipv4.tcp_tw_reuse=0",
                "--entrypoint=sleep",
                image(),
                "600",
            )
        yield name, engine.podman("inspect", "--format={{.Id}}", name).stdout.strip()
    except engine.Problem as problem:
        pytest.skip(f"needs containers: {problem}")
    finally:
        engine.podman("rm", "--force", "--time=0", name, check=False)


def test_a_container_is_found_by_its_host_name_and_by_its_id(container: tuple[str, str]) -> None:
    if os.geteuid():
        pytest.skip("needs root")
    hostname, identity = container
    host = HostTree()
    snapshot = gather(host, SUBSETS)
    for pattern in (hostname, f"{identity[:12]}*"):
        found, _not_seen = gather_others(host, [pattern], snapshot)
        assert [one["name"] for one in found] == [f"podman container {identity[:12]} ({hostname})"]
        (one,) = found
        assert (one["hostname"], one["kind"], one["runtime"]) == (hostname, "container", "podman")
        assert one["processes"] >= 1
        reuse: t.Any = (one["sysctl"] or {}).get("net.ipv4.tcp_tw_reuse")
        assert (reuse and reuse["raw"]) == ("0" if "one-process" in hostname else None)
