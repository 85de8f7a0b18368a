# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Turns a path on the controller into a snapshot: one file a kind of source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _capture, _snapshot, _sos, _sysctl_a, _sysctl_d
from ._common import KINDS, SourceError, shown, system_trouble
from ._detect import detect_kind
from ._snapshot import validate

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot

__all__ = ["KINDS", "SourceError", "load", "validate"]

_LOADERS = {
    "snapshot": _snapshot.load,
    "capture": _capture.load,
    "sos": _sos.load,
    "sysctl_a": _sysctl_a.load,
    "sysctl_d": _sysctl_d.load,
}


def load(path: str, kind: str = "auto") -> Snapshot:
    """The snapshot that a path holds.

    :param kind: one of KINDS, or "auto" to tell by the content; source.kind of the result says what it was taken for.
    :raises SourceError: naming the path and the trouble.
    """
    if not path or "\0" in path:
        raise SourceError(f"{shown(path)} is no path to a source")
    if kind not in ("auto", *KINDS):
        raise SourceError(f"{path}: {shown(kind)} is no kind of source; there are {', '.join(KINDS)} and auto")
    try:
        return _LOADERS[detect_kind(path) if kind == "auto" else kind](path)
    except OSError as error:
        # A folder that may not be listed, a file that goes away meanwhile.
        raise system_trouble(path, error) from None
