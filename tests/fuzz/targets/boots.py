# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who sets keys at boot: nothing that stands on a host makes the model of its boot raise, or costs more than its size."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import AT_START, boot, last_words
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect, not_read
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import applied, earlier, unseen, writes
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_writers import boot_sequence
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import READERS
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._shell_writes import shell_writes
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._tuned_profile import UnreadableProfileError
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._tuned_profile import parse as parse_profile
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _shapes
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFiles
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._tree import MemoryTree
from fuzz import mutate, seeds
from fuzz.engine import Target

_KEYS = list(SYSCTL_KEYS)


def boot_order(data: bytes) -> None:
    """What the readers make of a folder of boot files."""
    found = _collected(data)
    if not found:
        return
    for reader in READERS:
        written = writes(found, reader, _KEYS)
        assert applied(found, reader, _KEYS) == {key: texts[-1] for key, texts in written.items()}
        earlier(found, reader, _KEYS)
        unseen(found, reader)


def boot_writers(data: bytes) -> None:
    """A host with an init and other programs: each write has a file that was found, and a line in it."""
    found = _collected(data)
    if not found:
        return
    paths = {file["path"] for file in found["files"]}
    programs = boot_sequence(found, found["applied_by"] or "systemd")
    written = list(boot(found, programs, _KEYS, AT_START))
    for write in written:
        assert write.program in programs
        assert write.text.path in paths
        assert write.text.line > 0
    last_words(written)
    not_read(found)


def boot_texts(data: bytes) -> None:
    """One text as a script, and as a profile of TuneD."""
    text = data.decode("utf-8", "replace")
    last = text.count("\n") + 1
    assert all(1 <= one.line <= last for one in shell_writes(text))
    try:
        sections = parse_profile("/etc/tuned/a/tuned.conf", text)
    except UnreadableProfileError:
        return
    assert all(1 <= option.line <= last for section in sections.values() for option in section.values())


def _collected(data: bytes) -> BootFiles | None:
    try:
        files = json.loads(data)
    except (ValueError, RecursionError):
        return None
    tree = MemoryTree()
    for path, content in files.items() if isinstance(files, dict) else ():
        if isinstance(content, str):
            tree.add_file("/" + path, content.encode("latin-1", "replace"))
        elif isinstance(content, dict):
            tree.add_link("/" + path, str(content.get("link")))
    found = collect(tree)
    _shapes.check(BootFiles, found, strict=True)
    return found


_UNITS, _WANTS = "usr/lib/systemd/system", "etc/systemd/system/multi-user.target.wants"
_SCRIPTS = (
    *("etc/rc.local", "etc/local.d/a.start", "etc/crontab", "etc/cron.d/a", "var/spool/cron/root"),
    *("etc/NetworkManager/dispatcher.d/a", "etc/network/interfaces", "etc/network/if-up.d/a"),
)
_UFW = ("etc/ufw/ufw.conf", "etc/default/ufw", "etc/ufw/sysctl.conf", f"{_WANTS}/ufw.service")
_TUNED = (
    *("etc/tuned/active_profile", "etc/tuned/tuned-main.conf", "etc/tuned/web/tuned.conf", "usr/lib/tuned/base/tuned.conf"),
    f"{_WANTS}/tuned.service",
)
_INITS = (
    *("run/systemd/system/x", f"{_UNITS}/sysinit.target.wants/systemd-sysctl.service", "proc/1/comm", "etc/inittab"),
    *("etc/rcS.d/S05procps", "etc/init.d/procps", "run/openrc/softlevel", "etc/runlevels/boot/sysctl", "etc/init.d/sysctl"),
    *("bin/busybox", "sbin/sysctl"),
)
_PATHS = (*_SCRIPTS, *_UFW, *_TUNED, *_INITS, *seeds.BOOT_PATHS)
_WORDS = (
    *seeds.KEYS,
    *(
        "ENABLED=yes",
        "IPT_SYSCTL=",
        "/etc/ufw/sysctl.conf",
        "[sysctl]\n",
        "[main]\ninclude=",
        "[variables]\n",
        "${i:PROFILE_DIR}",
        "replace=1\n",
    ),
    *(
        "reapply_sysctl=0",
        "web",
        "base",
        "sysctl -w ",
        "@reboot root ",
        "up ",
        "| tee /proc/sys/",
        "> /proc/sys/",
        "echo 1",
        "sh -c '",
        "<<EOF\n",
    ),
    *("sysctl --system\n", "sysctl $quiet -p ", "/etc/sysctl.d/*.conf", "##*/", "Linux_sysctl()", "si::sysinit:/etc/init.d/rcS\n"),
)


def _hosts() -> list[bytes]:
    key = "net.ipv4.tcp_timestamps"
    ufw = dict(zip(_UFW, ("ENABLED=yes\n", "IPT_SYSCTL=/etc/ufw/sysctl.conf\n", "net/ipv4/tcp_timestamps=0\n", "")))
    profile = f"[main]\ninclude=base\n[variables]\na=1\n[sysctl]\n{key}=${{a}}\n"
    tuned = dict(zip(_TUNED, ("web\n", "reapply_sysctl = 0\n", profile, f"[sysctl]\n{key}=>0\n", "")))
    scripts = dict.fromkeys(
        _SCRIPTS, f"sysctl -w {key}=0\n@reboot root sh -c 'echo 1 > /proc/sys/{key.replace('.', '/')}'\n  up sysctl {key}=1\n"
    )
    script = Path(__file__).parents[2].joinpath("support/openrc_sysctl.initd").read_text(encoding="utf-8")
    conf = {"etc/sysctl.d/50.conf": f"{key} = 1\n", "etc/sysctl.conf": f"-{key} = 0\n"}
    systemd = {"run/systemd/system/x": "", f"{_UNITS}/sysinit.target.wants/systemd-sysctl.service": ""}
    openrc = {"run/openrc/softlevel": "default", "etc/runlevels/boot/sysctl": "", "etc/init.d/sysctl": script, "sbin/sysctl": ""}
    sysv = {
        "proc/1/comm": "init",
        "etc/inittab": "si::sysinit:/etc/init.d/rcS\n",
        "etc/rcS.d/S05procps": "",
        "etc/init.d/procps": "sysctl --system\n",
    }
    return [mutate.dumped({**init, **conf, **ufw, **tuned, **scripts}) for init in (systemd, openrc, sysv, {})]


def _texts() -> list[bytes]:
    return [text.encode("latin-1") for host in _hosts()[:2] for text in json.loads(host).values() if text]


TARGETS = (
    Target("boot_order", boot_order, seeds.trees, mutate.folder(seeds.BOOT_PATHS, seeds.KEYS), 150),
    Target("boot_writers", boot_writers, _hosts, mutate.folder(_PATHS, _WORDS), 300),
    Target("boot_texts", boot_texts, _texts, mutate.text(_WORDS), 1000),
)
