# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A capture has what it takes to know who sets keys at boot: the audit of it sees the same writers as one on the host."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import boot, last_words
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_writers import boot_sequence
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFiles
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import _capture
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._snapshot import validate
from support.boot_trees import boot_tree

ROOT = Path(__file__).resolve().parents[5]
SCRIPT = ROOT / "playbooks" / "files" / "capture.sh"
TS, REUSE, SECRET = "net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse", "hunter2"
UNITS = "/usr/lib/systemd/system"
SYSTEMD: dict[str, Any] = {
    "/run/systemd/system": None,
    f"{UNITS}/sysinit.target.wants/systemd-sysctl.service": ("../systemd-sysctl.service",),
    "/etc/sysctl.d/50.conf": f"{TS} = 1\n",
}
UFW: dict[str, Any] = {
    "/etc/systemd/system/multi-user.target.wants/ufw.service": (f"{UNITS}/ufw.service",),
    "/etc/ufw/ufw.conf": f"# {SECRET}\nENABLED=yes\nTOKEN={SECRET}\n",
    "/etc/default/ufw": "IPV6=yes\nIPT_SYSCTL=/etc/ufw/sysctl.conf\n",
    "/etc/ufw/sysctl.conf": f"# {SECRET}\nnet/ipv4/tcp_timestamps=0\nkernel.x={SECRET}\n",
}
TUNED: dict[str, Any] = {
    "/etc/systemd/system/multi-user.target.wants/tuned.service": (f"{UNITS}/tuned.service",),
    "/etc/tuned/active_profile": "web\n",
    "/etc/tuned/tuned-main.conf": "# a\nreapply_sysctl = 0\n",
    "/etc/tuned/web/tuned.conf": (
        f"[main]\ninclude=base\n[variables]\nreuse=1\npassword={SECRET}\n[sysctl]\n{REUSE}=${{reuse}}\nkernel.x={SECRET}\n"
    ),
    "/usr/lib/tuned/base/tuned.conf": f"[main]\nsummary={SECRET}\n[sysctl]\nnet.ipv4.tcp_fin_timeout=20\n",
}
OPENRC: dict[str, Any] = {
    "/run/openrc/softlevel": "default\n",
    "/proc/1/comm": "init\n",
    "/etc/runlevels/boot/sysctl": ("/etc/init.d/sysctl",),
    "/etc/runlevels/default/ufw": ("/etc/init.d/ufw",),
    "/etc/init.d/sysctl": (ROOT / "tests/support/openrc_sysctl.initd").read_text(),
    "/bin/busybox": "",
    "/sbin/sysctl": ("/bin/busybox",),
    "/etc/sysctl.d/50.conf": f"{TS} = 1\n-{REUSE} = 0\n",
}
SYSV: dict[str, Any] = {
    "/proc/1/comm": "init\n",
    "/etc/inittab": f"# {SECRET}\nsi::sysinit:/etc/init.d/rcS\n",
    "/etc/rcS.d/S02procps": ("../init.d/procps",),
    "/etc/rcS.d/S01ufw": ("../init.d/ufw",),
    "/etc/init.d/procps": f"TOKEN={SECRET}\n$DAEMON $QUIET_SYSCTL --system\nsysctl --system\n",
    "/etc/sysctl.conf": f"{TS} = 1\n",
}


def capture(root: Path, folder: Path) -> Any:
    done = subprocess.run(["sh", str(SCRIPT), "0", str(root)], capture_output=True, env={"PATH": os.environ["PATH"]}, check=False)
    assert not done.stderr
    assert SECRET.encode() not in done.stdout
    path = folder / "host.capture"
    path.write_bytes(done.stdout)
    snapshot = _capture.load(str(path))
    validate(snapshot)
    return snapshot


def outcome(found: BootFiles) -> object:
    """Who writes, and what each key holds in the end, with the line that says so."""
    reader = found["applied_by"]
    ends = last_words(boot(found, boot_sequence(found, reader or "systemd"), list(SYSCTL_KEYS), {}))
    return reader, found["why_not_applied"], found["writers"], {key: (end.raw, end.text.path, end.text.line) for key, end in ends.items()}


@pytest.mark.parametrize(
    "parts",
    [
        (SYSTEMD,),
        (SYSTEMD, UFW),
        (SYSTEMD, TUNED),
        (SYSTEMD, UFW, TUNED),
        (SYSTEMD, UFW, {"/etc/ufw/ufw.conf": "ENABLED=no\n"}),
        (SYSTEMD, UFW, {"/etc/default/ufw": "export IPT_SYSCTL='/etc/other.conf' # a\n", "/etc/other.conf": f"{REUSE}=1\n"}),
        (SYSTEMD, UFW, {"/etc/systemd/system/ufw.service": ("/dev/null",)}),
        (SYSTEMD, TUNED, {"/etc/tuned/tuned-main.conf": "reapply_sysctl = 1\n"}),
        (SYSTEMD, TUNED, {"/etc/tuned/active_profile": "none\n"}),
        ({**SYSTEMD, f"{UNITS}/sysinit.target.wants/systemd-sysctl.service": None, f"{UNITS}/x": ""},),
        (SYSTEMD, {"/etc/systemd/system/systemd-sysctl.service": ("/dev/null",)}),
        (OPENRC,),
        (OPENRC, UFW),
        (OPENRC, {"/sbin/sysctl": ""}),
        (OPENRC, {"/etc/init.d/sysctl": "#!/sbin/openrc-run\nstart() { sysctl ${quiet} --system; }\n", "/sbin/sysctl": ""}),
        ({**OPENRC, "/etc/runlevels/boot/sysctl": None},),
        (SYSV,),
        (SYSV, UFW),
    ],
)
def test_the_writers_of_a_capture_are_those_of_the_host(tmp_path: Path, parts: tuple[dict[str, Any], ...]) -> None:
    root = tmp_path / "host"
    live = boot_tree(root, {"/proc/sys/net/ipv4/ip_forward": "0\n", **{path: content for part in parts for path, content in part.items()}})
    assert live["writers"] is not None
    assert outcome(capture(root, tmp_path)["boot_files"]) == outcome(live)


def test_scripts_are_named_and_not_printed(tmp_path: Path) -> None:
    text = f"#!/bin/sh\nTOKEN={SECRET}\nsysctl -w {TS}=0\n"
    root = tmp_path / "host"
    others = {"/etc/cron.d/backup": f"@daily root backup {SECRET}\n", "/etc/network/interfaces": "iface lo inet loopback\n"}
    boot_tree(root, {**SYSTEMD, "/etc/rc.local": text, "/etc/cron.d/tcp": "@reboot root sysctl -p\n", **others})
    snapshot = capture(root, tmp_path)
    unread = [(file["path"], file["reason"]) for file in snapshot["boot_files"]["files"] if file["unread_because"] == "unreadable"]
    why = "it names sysctl keys, and a capture has no text of scripts"
    assert unread == [("/etc/rc.local", why), ("/etc/cron.d/tcp", why)]
    assert f"These boot files could not be read: /etc/rc.local ({why}), /etc/cron.d/tcp ({why})." in snapshot["not_seen"]


def test_a_capture_of_before_says_that_nobody_looked(tmp_path: Path) -> None:
    path = tmp_path / "host.capture"
    lines = ("linux_tcp.capture/1", "@file /proc/sys/net/ipv4/tcp_timestamps", "|1", "@absent /etc/sysctl.conf", "@end", "")
    path.write_text("\n".join(lines))
    snapshot = _capture.load(str(path))
    assert snapshot["boot_files"]
    assert snapshot["boot_files"]["writers"] is None
    assert any("such as ufw and TuneD, were not looked for" in sentence for sentence in snapshot["not_seen"])
