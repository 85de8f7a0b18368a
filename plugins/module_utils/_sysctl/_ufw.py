# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""ufw sets sysctl keys from a file of its own when it starts, by sysctl -e -q -p.

Modelled on ufw 0.36.2. It starts only where ENABLED is yes, and reads /etc/default/ufw, then /etc/ufw/ufw.conf as shell text.
Its unit runs before network-pre.target and after local-fs.target. Nothing orders it against systemd-sysctl, which runs before
sysinit.target: both start early, and ufw comes to its sysctl file after dozens of calls of iptables. So it is a race that ufw wins
nearly always (Debian 12: 5 of 5 boots). Of System V links the numbers say who runs first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

from ._services import text_of, why_unreadable
from ._writer import Found, unknown_file

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Order, Writer
    from .._tree import Tree
    from ._services import Services

NAME = "ufw"
CONFIG = "/etc/ufw/ufw.conf"
DEFAULTS = "/etc/default/ufw"
_SETTING = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Z0-9_]{1,40})=(.{0,4096})\Z")
_PLAIN_PATH = re.compile(r"/[\w./+@%:,-]{1,4000}\Z")


def find(tree: Tree, services: Services) -> Optional[Found]:
    """ufw and the file that it applies; None where ufw is off or not started, or has no such file."""
    start = services.start(NAME)
    if start is None and services.init is not None:
        return None
    for config in (CONFIG, DEFAULTS):
        why = why_unreadable(tree, config)
        if why:
            unknown: Writer = {"name": NAME, "order": "race", "path": config, "detail": None}
            return Found(unknown, [unknown_file(config, NAME, why)], [])
    # As ufw reads them: what the second one says counts.
    texts = f"{text_of(tree, DEFAULTS)}\n{text_of(tree, CONFIG)}"
    if _shell_setting(texts, "ENABLED") not in ("yes", "YES"):
        return None
    reader = services.start("procps", "procps.sh")
    order: Order = "race"
    if start and reader and start.number is not None and reader.number is not None and start.number != reader.number:
        order = "after" if start.number > reader.number else "before"
    writer: Writer = {"name": NAME, "order": order, "path": start.path if start else CONFIG, "detail": None}
    path = _shell_setting(texts, "IPT_SYSCTL")
    if not path:
        return None
    if not _PLAIN_PATH.match(path):
        return Found(writer, [unknown_file(DEFAULTS, NAME, "IPT_SYSCTL in it is no plain path")], [])
    return Found(writer, [], [path]) if tree.kind(path) != "missing" else None


def _shell_setting(text: str, name: str) -> Optional[str]:
    """The last value that a shell file gives to a variable; what the shell would expand is as it is written."""
    found = None
    for line in text.split("\n"):
        match = _SETTING.match(line)
        if match and match.group(1) == name:
            found = _unquoted(match.group(2))
    return found


def _unquoted(text: str) -> str:
    text = text.strip(" \t\r")
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    return re.split(r"[ \t;#&|]", text, maxsplit=1)[0]
