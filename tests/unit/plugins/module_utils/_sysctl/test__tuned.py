# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TuneD: the profile that it starts with, what is left of it, and what it applies again. The differential test asks TuneD itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import AT_START, boot, last_words
from support.boot_trees import boot_tree

ETC, USR = "/etc/tuned", "/usr/lib/tuned"
SACK, SYN, SOMAXCONN = "net.ipv4.tcp_sack", "net.ipv4.tcp_syn_retries", "net.core.somaxconn"
ACTIVE = {f"{ETC}/active_profile": "web\n", f"{ETC}/profile_mode": "manual\n"}
OFF = {f"{ETC}/tuned-main.conf": "# main\nreapply_sysctl = 0\n"}
SYSTEMD: dict[str, Any] = {"/run/systemd/system/x": ""}
STARTED = {"/etc/systemd/system/multi-user.target.wants/tuned.service": ""}


def profile(text: str, name: str = "web", folder: str = USR) -> dict[str, Any]:
    return {f"{folder}/{name}/tuned.conf": text}


def sysctl(*lines: str) -> str:
    return "\n".join(["[sysctl]", *lines, ""])


def settings(root: Path, *parts: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """What the profile sets: file and line, key, value (None where it is not known)."""
    found = boot_tree(root, {path: content for part in parts for path, content in part.items()})
    profiles = {path for path in found["order"].get("tuned", []) if path.endswith("tuned.conf")}
    return [
        (f"{file['path']}:{line['line']}", line["key"], line["value"])
        for file in found["files"]
        if file["path"] in profiles
        for line in file["assignments"]
    ]


WEB, BASE = f"{USR}/web/tuned.conf", f"{USR}/base/tuned.conf"
INCLUDES = "[main]\ninclude=base\n"


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ((profile(sysctl(f"{SACK}=0")),), [(f"{WEB}:2", SACK, "0")]),
        ((profile(sysctl("net/ipv4/tcp_sack = 0 # off")),), [(f"{WEB}:2", SACK, "0")]),
        ((profile(sysctl('net.ipv4.tcp_rmem="4096 87380 16777216"')),), [(f"{WEB}:2", "net.ipv4.tcp_rmem", "4096 87380 16777216")]),
        ((profile(sysctl(f"{SACK}=0", f"{SACK}=1")),), [(f"{WEB}:3", SACK, "1")]),
        ((profile("[x]\ntype=sysctl\nnet.ipv4.tcp_sack=0\n"),), [(f"{WEB}:3", SACK, "0")]),
        ((profile("[x]\ntype=sysctl\nuname_regex=aarch64\nnet.ipv4.tcp_sack=0\n"),), [(f"{WEB}:4", SACK, None)]),
        ((profile(sysctl("enabled=0", f"{SACK}=0")),), []),
        ((profile("[sysfs]\nnet.ipv4.tcp_sack=0\n"),), []),
        ((profile("[variables]\nx=0\n" + sysctl(f"{SACK}=${{x}}")),), [(f"{WEB}:4", SACK, "0")]),
        ((profile("[variables]\nx=0\ny=${x}\n" + sysctl(f"{SACK}=${{y}}")),), [(f"{WEB}:5", SACK, "0")]),
        ((profile(sysctl(f"{SACK}=${{x}}")),), [(f"{WEB}:2", SACK, None)]),
        ((profile(sysctl(f"{SACK}=${{f:calc:1}}")),), [(f"{WEB}:2", SACK, None)]),
        ((profile("[variables]\nx=${f:calc:1}\n" + sysctl(f"{SACK}=${{x}}")),), [(f"{WEB}:4", SACK, None)]),
        (
            (profile("[variables]\ninclude=/etc/vars\n" + sysctl(f"{SACK}=${{x}}")), {"/etc/vars": "# v\nx = 0 # none\n"}),
            [(f"{WEB}:4", SACK, "0")],
        ),
        ((profile(sysctl("net.ipv4.conf.*.rp_filter=1", f"-{SACK}=0")),), []),
        (
            (profile(INCLUDES + sysctl(f"{SACK}=0")), profile(sysctl(f"{SACK}=1", f"{SYN}=3"), "base")),
            [(f"{BASE}:3", SYN, "3"), (f"{WEB}:4", SACK, "0")],
        ),
        ((profile(INCLUDES + sysctl("replace=1", f"{SACK}=0")), profile(sysctl(f"{SYN}=3"), "base")), [(f"{WEB}:5", SACK, "0")]),
        ((profile(INCLUDES + sysctl(f"drop={SYN}", f"{SACK}=0")), profile(sysctl(f"{SYN}=3"), "base")), [(f"{WEB}:5", SACK, "0")]),
        ((profile(sysctl(f"{SACK}=0"), folder=ETC), profile(sysctl(f"{SACK}=1"))), [(f"{ETC}/web/tuned.conf:2", SACK, "0")]),
        # A profile of /etc that includes its own name gets the vendor's.
        (
            (profile("[main]\ninclude=web\n" + sysctl(f"{SACK}=0"), folder=ETC), profile(sysctl(f"{SYN}=3"))),
            [(f"{WEB}:2", SYN, "3"), (f"{ETC}/web/tuned.conf:4", SACK, "0")],
        ),
        ((profile("[main]\ninclude=web\n" + sysctl(f"{SACK}=0")),), [(f"{WEB}:4", SACK, "0")]),
        (
            (profile("[main]\ninclude=base, web\n" + sysctl(f"{SACK}=0")), profile("[main]\ninclude=web\n", "base")),
            [(f"{WEB}:4", SACK, "0")],
        ),
        ((profile("[main]\ninclude=-none\n" + sysctl(f"{SACK}=0")),), [(f"{WEB}:4", SACK, "0")]),
        ((profile(sysctl(f"{SACK}=0"), folder="/usr/lib/tuned/profiles"),), [("/usr/lib/tuned/profiles/web/tuned.conf:2", SACK, "0")]),
    ],
)
def test_what_a_profile_sets(tmp_path: Path, parts: tuple[dict[str, Any], ...], found: list[tuple[str, str, str | None]]) -> None:
    assert settings(tmp_path, ACTIVE, *parts) == found


CHAIN = [profile(f"[main]\ninclude=p{number + 1}\n", f"p{number}") for number in range(60)]


@pytest.mark.parametrize(
    ("parts", "path", "why"),
    [
        ((), f"{ETC}/active_profile", "there is no profile web, so TuneD loads none"),
        ((profile("[main]\ninclude=none\n"),), WEB, "there is no profile none, so TuneD loads none"),
        ((profile("[main]\ninclude=${x}\n"),), WEB, "it names a profile that cannot be found here"),
        ((profile("[sysctl]\nno setting\n"),), WEB, "line 2 is no setting, so TuneD does not load it"),
        ((profile("#" * 300_000),), WEB, "larger than 262144 bytes"),
        (
            (*CHAIN, profile("[main]\ninclude=p0\n")),
            None,
            "more than 50",
        ),
        (({f"{ETC}/active_profile": "\n", **SYSTEMD, **STARTED},), f"{ETC}/active_profile", "it names no profile"),
    ],
)
def test_a_profile_that_is_not_known_is_told(tmp_path: Path, parts: tuple[dict[str, Any], ...], path: str | None, why: str) -> None:
    found = boot_tree(tmp_path, {**ACTIVE, **{name: content for part in parts for name, content in part.items()}})
    (file,) = [file for file in found["files"] if "tuned" in file["readers"]]
    assert file["unread_because"] == "unreadable"
    assert path in (None, file["path"])
    assert why in (file["reason"] or "")


@pytest.mark.parametrize(
    ("parts", "order"),
    [
        ((ACTIVE,), ["after"]),
        ((ACTIVE, SYSTEMD, STARTED), ["after"]),
        ((ACTIVE, SYSTEMD), []),
        ((), []),
    ],
)
def test_whether_it_runs(tmp_path: Path, parts: tuple[dict[str, Any], ...], order: list[str]) -> None:
    files = {path: content for part in parts for path, content in part.items()}
    found = boot_tree(tmp_path, {**files, **profile(sysctl(f"{SACK}=0"))})
    assert [one["order"] for one in found["writers"] or ()] == order


MINE, MAIN_FILE = "/etc/sysctl.d/50.conf", "/etc/sysctl.conf"


@pytest.mark.parametrize(
    ("parts", "ends"),
    [
        ((profile(sysctl(f"{SACK}=0", f"{SYN}=3")), {MINE: f"{SACK}=1\n"}), {SACK: "1", SYN: "3"}),
        ((profile(sysctl(f"{SACK}=0")), {MINE: f"{SACK}=1\n"}, OFF), {SACK: "0"}),
        ((profile(sysctl(f"{SACK}=0")), {"/usr/lib/sysctl.d/50.conf": f"{SACK}=1\n"}), {SACK: "0"}),
        # Only TuneD applies it, where no link leads to it.
        ((profile(sysctl(f"{SYN}=3")), {MAIN_FILE: f"{SACK}=0\n"}), {SYN: "3", SACK: "0"}),
        ((profile("[sysfs]\nx=1\n"), {MAIN_FILE: f"{SACK}=0\n"}), {}),
        ((profile(sysctl(f"{SACK}=0")), {MINE: f"-{SACK}=1\n"}), {SACK: "0"}),
        ((profile(sysctl(f"{SYN}=3")), {MINE: f"{SACK}=1\n", "/run/sysctl.d/50.conf": f"{SACK}=0\n"}), {SYN: "3", SACK: "0"}),
        ((profile(sysctl(f"{SYN}=>3")), {MINE: f"{SYN}=2\n"}, OFF), {SYN: "3"}),
        ((profile(sysctl(f"{SYN}=>3")), {MINE: f"{SYN}=5\n"}, OFF), {SYN: "5"}),
        ((profile(sysctl(f"{SYN}=<3")), {MINE: f"{SYN}=5\n"}, OFF), {SYN: "3"}),
        ((profile(sysctl(f"{SYN}=<3")), {MINE: f"{SYN}=2\n"}, OFF), {SYN: "2"}),
        ((profile(sysctl(f"{SOMAXCONN}=>2048")),), {SOMAXCONN: None}),
        ((profile(sysctl(f"{SACK}=${{f:x}}")), {MINE: f"{SACK}=1\n"}, OFF), {SACK: None}),
    ],
)
def test_what_holds_after_a_boot(tmp_path: Path, parts: tuple[dict[str, Any], ...], ends: dict[str, str | None]) -> None:
    found = boot_tree(tmp_path, {**ACTIVE, **{path: content for part in parts for path, content in part.items()}})
    writes = last_words(boot(found, ["systemd", *(one["name"] for one in found["writers"] or ())], [], AT_START))
    assert {key: write.raw for key, write in writes.items()} == ends
