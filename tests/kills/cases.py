# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module is asked for when it is killed, and the files that are there before the collection comes to the host."""

from __future__ import annotations

import os
import typing as t

from support.transactions import BOOT_FILE, LESS, MAIN_FILE, Host

EDIT = "kernel.panic = 1\n"
OTHERS = {
    MAIN_FILE: "# mine\nnet.ipv4.tcp_tw_reuse = 0\nkernel.sysrq = 0\nnet/ipv4/tcp_tw_reuse=2\n",
    "/etc/sysctl.d/zz.conf": "net.ipv4.tcp_tw_reuse = 0\n",
    BOOT_FILE: "# somebody's\nkernel.sysrq = 1\n",
}
# Neither root's nor of the usual mode, so that a file that was made anew shows.
_MODE, _OWNER, _GROUP = 0o604, 12, 34


class Case(t.NamedTuple):
    """files: there before all. applied: whether a profile is applied to begin with. edited: whether its boot file was edited then."""

    name: str
    options: dict[str, t.Any]
    files: dict[str, str]
    applied: bool = False
    edited: bool = False


COMMENT_OUT: dict[str, t.Any] = {"on_conflict": "comment_out"}
CASES = (
    Case("first apply", {}, {}),
    Case("first apply over other files", COMMENT_OUT, OTHERS),
    Case("other settings", {"settings": LESS, "name": "backend"}, OTHERS, applied=True),
    Case("over an edited boot file", COMMENT_OUT, OTHERS, applied=True, edited=True),
    Case("runtime alone", {"scope": "runtime"}, {}),
    Case("boot alone", {"scope": "boot"}, OTHERS),
    Case("take back", {"state": "absent"}, OTHERS, applied=True),
    Case("take back, edited", {"state": "absent"}, OTHERS, applied=True, edited=True),
)


def put_files(host: Host, case: Case) -> None:
    """The host as it is before the collection comes to it."""
    for path, text in case.files.items():
        host.write(path, text)
        os.chown(path, _OWNER, _GROUP)
        os.chmod(path, _MODE)


def bring_to_start(host: Host, case: Case) -> str:
    """The host as it is when the case's call is made. Returns the text of an edited boot file, "" where none was edited."""
    if case.applied:
        result = host.call(**COMMENT_OUT)
        assert not result.get("failed"), result["msg"]
    if not case.edited:
        return ""
    text = host.read(BOOT_FILE) + EDIT
    host.write(BOOT_FILE, text)
    return text
