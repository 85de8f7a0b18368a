# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the model says of readers other than systemd-sysctl and sysctl --system against the real programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import boot, last_words
from support.boot_trees import boot_tree
from support.debian_packages import unpacked

SACK, RANGE = "net.ipv4.tcp_sack", "net.ipv4.ip_local_port_range"
KEYS = (SACK, RANGE)
START = {SACK: "1", RANGE: "32768\t60999"}
# /proc/sys is read-only but for net, which belongs to the namespace.
NAMESPACE = """
set -e
mount --bind /proc/sys /proc/sys
mount -o remount,ro,bind /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,rw,bind /proc/sys/net
"""
READ = "cat /proc/sys/net/ipv4/tcp_sack /proc/sys/net/ipv4/ip_local_port_range\n"


def in_namespace(folder: Path, commands: str) -> dict[str, str]:
    """The keys after the commands."""
    if shutil.which("unshare") is None or os.geteuid():
        pytest.skip("needs root and unshare(1)")
    script = folder / "script.sh"
    script.write_text(f"{NAMESPACE}{commands}\n{READ}")
    done = subprocess.run(["unshare", "-n", "-m", "sh", str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(zip(KEYS, done.stdout.splitlines()))


def modelled(found_by: str, root: Path, files: dict[str, Any]) -> dict[str, str | None]:
    ends = last_words(boot(boot_tree(root, files), [found_by], list(KEYS), START))
    return {**START, **{key: end.raw for key, end in ends.items() if key in KEYS}}


OPENRC: dict[str, Any] = {
    "/run/openrc/softlevel": "",
    "/etc/runlevels/boot/sysctl": "",
    "/etc/init.d/sysctl": 'for f in /etc/sysctl.d/*.conf; do sysctl $quiet -p "$f"; done\n',
    "/bin/busybox": "",
    "/sbin/sysctl": ("/bin/busybox",),
}


@pytest.mark.parametrize(
    "text",
    [
        f"{SACK} = 0\n",
        f"  {SACK}=0\n",
        f"-{SACK} = 0\n",
        "net.ipv4.tcp_s?ck = 0\n",
        "net/ipv4/tcp_sack=0\n",
        f"; a\n# b\n{SACK}=0 # c\n",
        f"net.ipv4.nonesuch = 1\n{SACK} = 0\n",
        f"a line\n{SACK} = 0\n",
        f'{SACK} = "0"\n',
        f"\ufeff{SACK} = 0\n",
        f"{SACK} = 0",
        f"{SACK} = 0\n{SACK} = x\n",
        f"{RANGE} = 2000 65000\n{SACK} = 0\n",
        f"{RANGE} = 500 65000\n",
    ],
)
def test_lines_of_busybox(tmp_path: Path, text: str) -> None:
    busybox = unpacked("busybox") / "bin/busybox"
    expected = modelled("busybox", tmp_path / "host", {**OPENRC, "/etc/sysctl.d/50.conf": text})
    file = tmp_path / "host/etc/sysctl.d/50.conf"
    assert in_namespace(tmp_path, f"{busybox} sysctl -p {file} >/dev/null 2>&1 || true") == expected


OF_ALPINE = Path(__file__).parents[4] / "support/openrc_sysctl.initd"
# As an older package of Alpine's changed OpenRC's own (aports, main/openrc/0003-sysctl-add-compatibility-for-busybox-sysctl.patch).
OLDER = """#!/sbin/openrc-run
BSD_sysctl() {
    for conf in /etc/sysctl.conf /etc/sysctl.d/*.conf; do
        sysctl -w "$(cat $conf)"
    done
}
Linux_sysctl() {
    local quiet=-q
    for i in /run/sysctl.d/*.conf /etc/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf \\
        /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf /etc/sysctl.conf; do
        [ ! -e "$i" ] || sysctl ${quiet} -p "$i"
    done
}
start() { Linux_sysctl; }
"""


@pytest.mark.parametrize("tool", ["procps", "busybox"])
@pytest.mark.parametrize("script", [OF_ALPINE.read_text(), OLDER], ids=["alpine", "older"])
@pytest.mark.parametrize(
    "files",
    [
        {"/etc/sysctl.d/50.conf": "0", "/etc/sysctl.d/60.conf": "1"},
        {"/etc/sysctl.d/50.conf": "0", "/usr/lib/sysctl.d/60.conf": "1"},
        {"/etc/sysctl.d/50.conf": "1", "/usr/lib/sysctl.d/50.conf": "0"},
        {"/etc/sysctl.d/50.conf": "1", "/run/sysctl.d/50.conf": "0"},
        {"/etc/sysctl.d/50.conf": "0", "/run/sysctl.d/40.conf": "1"},
        {"/etc/sysctl.d/50.conf": "0", "/etc/sysctl.conf": "1"},
        {"/run/sysctl.d/50.conf": "0", "/etc/sysctl.conf": "1"},
        {"/lib/sysctl.d/50.conf": "0", "/usr/lib/sysctl.d/40.conf": "1"},
        {"/lib/sysctl.d/50.conf": "0", "/etc/sysctl.d/50.conf": ("/dev/null",)},
        {"/lib/sysctl.d/50.conf": "0", "/run/sysctl.d/50.conf": ("../../etc/nonesuch",)},
        {"/usr/local/lib/sysctl.d/50.conf": "0"},
        {"/etc/sysctl.d/.50.conf": "0", "/etc/sysctl.d/60.txt": "0"},
        {"/etc/sysctl.d/50.conf": ("../own.conf",), "/etc/own.conf": "0"},
    ],
)
def test_openrc(tmp_path: Path, tool: str, script: str, files: dict[str, Any]) -> None:
    busybox = unpacked("busybox") / "bin/busybox"
    root = tmp_path / "host"
    lines = {path: f"{SACK} = {text}\n" if isinstance(text, str) else text for path, text in files.items()}
    links = {"/sbin/sysctl": OPENRC["/sbin/sysctl"]} if tool == "busybox" else {"/sbin/sysctl": ""}
    expected = modelled("busybox" if tool == "busybox" else "openrc", root, {**OPENRC, **links, "/etc/init.d/sysctl": script, **lines})
    # The same script, for the files of that folder.
    started = re.sub(r"/(?:usr/local/lib|usr/lib|lib|etc|run)/sysctl\b", lambda path: f"{root}{path.group()}", script)
    sysctl = f'sysctl() {{ {busybox} sysctl "$@"; }}\n' if tool == "busybox" else ""
    assert in_namespace(tmp_path, f"{sysctl}{started}\nstart || true") == expected


@pytest.mark.parametrize(
    ("config", "defaults", "text"),
    [
        ("ENABLED=yes", "IPT_SYSCTL=FILE", "net/ipv4/tcp_sack=0\n"),
        ("ENABLED=YES", 'IPT_SYSCTL="FILE" # a', "net/ipv4/tcp_sack=0\n"),
        ("ENABLED=no", "IPT_SYSCTL=FILE", "net/ipv4/tcp_sack=0\n"),
        ("ENABLED=yes", "IPT_SYSCTL=", "net/ipv4/tcp_sack=0\n"),
        ("ENABLED=yes", "IPT_SYSCTL=/nonesuch\nIPT_SYSCTL=FILE", "net.ipv4.tcp_sack = 0\n"),
        ("ENABLED=yes\nIPT_SYSCTL=/nonesuch", "IPT_SYSCTL=FILE", "net/ipv4/tcp_sack=0\n"),
        ("ENABLED=yes\nENABLED=no", "IPT_SYSCTL=FILE", "net/ipv4/tcp_sack=0\n"),
        ("ENABLED=yes", "IPT_SYSCTL=FILE", "net/ipv4/nonesuch=1\nnet/ipv4/tcp_sack=0\nnet/ipv4/tcp_sack=x\n"),
        ("ENABLED=yes", "IPT_SYSCTL=FILE", "net/ipv4/tcp_s?ck=0\nnet/ipv4/ip_local_port_range=2000 65000\n"),
    ],
)
def test_ufw(tmp_path: Path, config: str, defaults: str, text: str) -> None:
    functions = unpacked("ufw")
    found = next(path for path in (functions / "lib/ufw", functions / "usr/lib/ufw") if path.is_dir()) / "ufw-init-functions"
    # ufw reads the file where it is for the machine: the model's root is the same place.
    data = tmp_path / "data"
    file = data / "sysctl.conf"
    for name, content in (("etc/ufw/ufw.conf", config), ("etc/default/ufw", f"IPV6=no\n{defaults}"), ("sysctl.conf", text)):
        place = data / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content.replace("FILE", str(file)) + "\n")
    root = {
        "/etc/ufw/ufw.conf": config.replace("FILE", str(file)) + "\n",
        "/etc/default/ufw": defaults.replace("FILE", str(file)) + "\n",
        str(file): text,
    }
    expected = modelled("ufw", tmp_path / "host", root)
    started = f"export DATA_DIR={data}\n. {found}\nufw_start >/dev/null 2>&1 || true"
    assert in_namespace(tmp_path, started) == expected


def test_the_script_of_procps_is_known(tmp_path: Path) -> None:
    script = (unpacked("procps") / "etc/init.d/procps").read_text()
    inittab = "si::sysinit:/etc/init.d/rcS\n"
    files = {"/proc/1/comm": "init\n", "/etc/inittab": inittab, "/etc/rcS.d/S01procps": ("../init.d/procps",), "/etc/init.d/procps": script}
    assert boot_tree(tmp_path, files)["applied_by"] == "procps"
