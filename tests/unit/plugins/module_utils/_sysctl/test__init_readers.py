# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which program applies sysctl files when a host boots, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import writes
from support.boot_trees import boot_tree

RUNS_SYSTEMD: dict[str, Any] = {"/run/systemd/system/x": "", "/usr/lib/systemd/system/x.service": ""}
WANTED = {"/usr/lib/systemd/system/sysinit.target.wants/systemd-sysctl.service": ("../systemd-sysctl.service",)}
SYSV: dict[str, Any] = {
    "/proc/1/comm": "init\n",
    "/etc/inittab": "si::sysinit:/etc/init.d/rcS\n",
    "/etc/rcS.d/S05procps": ("../init.d/procps",),
    "/etc/init.d/procps": "$DAEMON $QUIET_SYSCTL --system || STATUS=$?\n",
}
OPENRC: dict[str, Any] = {"/proc/1/comm": "init\n", "/run/openrc/softlevel": "", "/etc/runlevels/boot/sysctl": "", "/sbin/sysctl": ""}
UPSTREAM = {"/etc/init.d/sysctl": "#!/sbin/openrc-run\nsysctl ${quiet} --system\n"}
ALPINE = {"/etc/init.d/sysctl": (Path(__file__).parents[4] / "support/openrc_sysctl.initd").read_text()}
BUSYBOX = {"/bin/busybox": "", "/sbin/sysctl": ("/bin/busybox",)}


@pytest.mark.parametrize(
    ("parts", "reader", "why_not"),
    [
        ((RUNS_SYSTEMD, WANTED), "systemd", ""),
        ((RUNS_SYSTEMD,), None, "no target wants it"),
        ((RUNS_SYSTEMD, WANTED, {"/etc/systemd/system/systemd-sysctl.service": ("/dev/null",)}), None, "is masked"),
        # Without the folder of units nothing can be said against it.
        (({"/run/systemd/system/x": ""},), "systemd", ""),
        ((SYSV,), "procps", ""),
        ((SYSV, {"/etc/init.d/procps": "for f in x; do sysctl -p $f; done\n"}), None, "/etc/init.d/procps applies sysctl files in a way"),
        (({**SYSV, "/etc/rcS.d/S05procps": ("x",), "/etc/inittab": "::sysinit:/etc/start\n"},), None, "boots without systemd"),
        ((OPENRC, UPSTREAM), "procps", ""),
        ((OPENRC, UPSTREAM, BUSYBOX), None, "/etc/init.d/sysctl applies sysctl files in a way"),
        ((OPENRC, ALPINE), "openrc", ""),
        ((OPENRC, ALPINE, BUSYBOX), "busybox", ""),
        (({**OPENRC, "/etc/runlevels/boot/sysctl": "", "/etc/init.d/sysctl": "echo\n"},), None, "/etc/init.d/sysctl applies"),
        (({"/run/openrc/softlevel": "", "/etc/init.d/sysctl": "sysctl --system\n"},), None, "no run level has the service sysctl"),
        (({"/proc/1/comm": "runit\n", "/etc/runit/1": "sysctl --system\n"},), None, "boots without systemd"),
        ((), None, ""),
    ],
)
def test_reader(tmp_path: Path, parts: tuple[dict[str, Any], ...], reader: str | None, why_not: str) -> None:
    files = {path: content for part in parts for path, content in part.items()}
    found = boot_tree(tmp_path, {"/etc/sysctl.d/1.conf": "net.ipv4.tcp_sack=0\n", **files})
    assert found["applied_by"] == reader
    assert why_not in (found["why_not_applied"] or "")
    assert bool(found["why_not_applied"]) == bool(why_not)


def test_the_files_of_alpines_script_in_its_order(tmp_path: Path) -> None:
    text = "net.ipv4.tcp_sack=0\n"
    names = ("/usr/lib/sysctl.d/00-a", "/lib/sysctl.d/50-b", "/usr/lib/sysctl.d/60-mine", "/etc/sysctl.d/60-mine", "/etc/sysctl.d/70-run")
    more = ("/run/sysctl.d/70-run", "/usr/local/lib/sysctl.d/80-local", "/etc/sysctl.d/.hidden")
    files = {f"{name}.conf": text for name in (*names, *more)}
    null = {"/etc/sysctl.d/00-a.conf": ("/dev/null",), "/etc/sysctl.conf": text}
    found = boot_tree(tmp_path, {**OPENRC, **ALPINE, **files, **null})
    assert found["order"]["openrc"] == [
        "/lib/sysctl.d/50-b.conf",
        # A link to /dev/null is no file for its test -f.
        "/usr/lib/sysctl.d/00-a.conf",
        "/etc/sysctl.d/60-mine.conf",
        "/etc/sysctl.conf",
        "/run/sysctl.d/70-run.conf",
    ]


def test_an_older_script_of_alpines_lists_its_folders(tmp_path: Path) -> None:
    script = """BSD_sysctl() { for f in /etc/sysctl.conf /etc/sysctl.d/*.conf; do sysctl -w x; done; }
    Linux_sysctl() { for i in /run/sysctl.d/*.conf \\
        /etc/sysctl.d/*.conf /etc/sysctl.conf; do sysctl ${quiet} -p "$i"; done; }"""
    names = ("/etc/sysctl.conf", "/etc/sysctl.d/1.conf", "/run/sysctl.d/1.conf", "/usr/lib/sysctl.d/1.conf")
    found = boot_tree(tmp_path, {**OPENRC, "/etc/init.d/sysctl": script, **dict.fromkeys(names, "net.ipv4.tcp_sack=0\n")})
    assert found["order"]["openrc"] == ["/run/sysctl.d/1.conf", "/etc/sysctl.d/1.conf", "/etc/sysctl.conf"]


@pytest.mark.parametrize(("tools", "order"), [({}, {"net.ipv4.conf.lo.rp_filter"}), (BUSYBOX, set())])
def test_busybox_knows_no_patterns(tmp_path: Path, tools: dict[str, Any], order: set[str]) -> None:
    found = boot_tree(tmp_path, {**OPENRC, **ALPINE, **tools, "/etc/sysctl.d/1.conf": "net.ipv4.conf.l*.rp_filter=1\n"})
    assert set(writes(found, found["applied_by"] or "", ["net.ipv4.conf.lo.rp_filter"])) == order
