# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which init a host boots with, and what it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._services import Services, Start
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.boot_trees import boot_tree

RUNS_SYSTEMD = {"/run/systemd/system/x": ""}
INITTAB = {"/etc/inittab": "id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\n"}
WANTS = "/etc/systemd/system/multi-user.target.wants"


def services(root: Path, *parts: Mapping[str, object]) -> Services:
    boot_tree(root, {path: content for part in parts for path, content in part.items()})
    return Services(HostTree(str(root)))


@pytest.mark.parametrize(
    ("files", "init"),
    [
        ({}, None),
        ({"/etc/sysctl.conf": ""}, None),
        (RUNS_SYSTEMD, "systemd"),
        ({**RUNS_SYSTEMD, "/proc/1/comm": "systemd"}, "systemd"),
        ({"/etc/systemd/system/x": ""}, "systemd"),
        # Files of systemd on a host that runs something else.
        ({"/etc/systemd/system/x": "", "/proc/1/comm": "init"}, "other"),
        ({"/etc/runlevels/boot/sysctl": "", "/run/openrc/softlevel": ""}, "openrc"),
        ({"/etc/runlevels/boot/sysctl": ""}, "openrc"),
        ({"/etc/runlevels/boot/sysctl": "", "/proc/1/comm": "runit"}, "other"),
        ({**INITTAB, "/etc/rcS.d/S01procps": "", "/proc/1/comm": "init"}, "sysv"),
        ({**INITTAB, "/proc/1/comm": "init"}, "other"),
        ({"/etc/inittab": "#si::sysinit:/etc/init.d/rcS\n", "/etc/rcS.d/S01procps": "", "/proc/1/comm": "init"}, "other"),
    ],
)
def test_init(tmp_path: Path, files: dict[str, object], init: str | None) -> None:
    assert services(tmp_path, files).init == init


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({f"{WANTS}/a.service": ("/usr/lib/systemd/system/a.service",)}, Start(f"{WANTS}/a.service")),
        ({f"{WANTS}/a.service": ("/dev/null",)}, None),
        ({f"{WANTS}/a.service": "", "/run/systemd/system/a.service": ("/dev/null",)}, None),
        ({"/etc/systemd/system/a.service": ""}, None),
        (
            {"/usr/lib/systemd/system/sysinit.target.wants/a.service": ("../a.service",)},
            Start("/usr/lib/systemd/system/sysinit.target.wants/a.service"),
        ),
        ({"/etc/systemd/system/b.service.wants/a.service": ""}, None),
    ],
)
def test_units(tmp_path: Path, files: dict[str, object], start: Start | None) -> None:
    assert services(tmp_path, RUNS_SYSTEMD, files).start("nonesuch", "a") == start


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"/etc/rcS.d/S12a": ""}, Start("/etc/rcS.d/S12a", 12)),
        ({"/etc/rcS.d/x": "", "/etc/rc2.d/S01a": ""}, Start("/etc/rc2.d/S01a", 101)),
        ({"/etc/rcS.d/K12a": ""}, None),
        ({"/etc/rcS.d/x": "", "/etc/rc6.d/S01a": ""}, None),
    ],
)
def test_rc_links(tmp_path: Path, files: dict[str, object], start: Start | None) -> None:
    assert services(tmp_path, INITTAB, files).start("a") == start


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"sysinit/a": ""}, "sysinit/a"),
        ({"boot/a": ""}, "boot/a"),
        ({"default/a": ""}, "default/a"),
        ({"shutdown/a": "", "nonetwork/a": ""}, None),
        ({"web/a": "", "default/web": ("../web",)}, "web/a"),
        ({"web/a": "", "default/b": ""}, None),
        ({"web/default": ("../default",), "default/web": ("../web",), "default/a": ""}, "default/a"),
    ],
)
def test_run_levels_of_openrc(tmp_path: Path, files: dict[str, object], start: str | None) -> None:
    runs = {"/run/openrc/softlevel": "default\n", **{f"/etc/runlevels/{path}": content for path, content in files.items()}}
    assert services(tmp_path, runs).start("a") == (Start(f"/etc/runlevels/{start}") if start else None)


def test_the_level_in_which_the_host_stays(tmp_path: Path) -> None:
    runs = {"/run/openrc/softlevel": "web\n", "/etc/runlevels/web/a": "", "/etc/runlevels/default/b": ""}
    found = services(tmp_path, runs)
    assert found.start("a")
    assert not found.start("b")
