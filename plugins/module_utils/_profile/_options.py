# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The options of a transaction, checked."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple

from ._boot_file import check_path
from ._errors import ProfileError
from ._settings import Setting, read_settings

MAX_CONFIRM_SECONDS = 3600
_PROFILE = re.compile(r"[a-z0-9_]{1,60}\Z")
_CLAIM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,79}\Z")
_MAX_CLAIMS = 50


class Options(NamedTuple):
    """The module's options. present: state is present. scope: both, runtime or boot. on_conflict: report, fail or comment_out."""

    name: str
    settings: list[Setting]
    present: bool
    scope: str
    on_conflict: str
    reserve_listening_ports: bool
    confirm_seconds: int
    boot_file: str
    claims: list[str]

    @property
    def live(self) -> bool:
        """Whether the running kernel is concerned."""
        return self.scope != "boot"

    @property
    def boot(self) -> bool:
        """Whether the boot file is concerned."""
        return self.scope != "runtime"


def read_options(given: Mapping[str, Any]) -> Options:
    """The module's options, checked. Raises ProfileError, which names the option that is wrong."""
    name, settings, seconds = given["name"], given["settings"], given["confirm_seconds"]
    present = given["state"] == "present"
    if not _PROFILE.match(name):
        raise ProfileError(f"name must consist of lower-case letters, digits and underscores (60 at most), not {name[:80]!r}")
    if present and settings is None:
        raise ProfileError("settings is required with state: present")
    if not 0 <= seconds <= MAX_CONFIRM_SECONDS:
        raise ProfileError(f"confirm_seconds must be between 0 and {MAX_CONFIRM_SECONDS}, not {seconds}")
    if len(given["claims"]) > _MAX_CLAIMS or not all(map(_CLAIM.match, given["claims"])):
        raise ProfileError(f"claims must be at most {_MAX_CLAIMS} short texts (80 characters at most), such as D7")
    check_path(given["boot_file"])
    return Options(
        name,
        read_settings(settings) if present else [],
        present,
        given["scope"],
        given["on_conflict"],
        given["reserve_listening_ports"],
        seconds,
        given["boot_file"],
        given["claims"],
    )
