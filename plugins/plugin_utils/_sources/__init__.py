# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Turns a path on the controller into a snapshot: one file for each kind of source (see _kinds)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._common import SourceError, cannot_read, shown
from ._kinds import KINDS, kind_of
from ._snapshot import validate

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot

__all__ = ["KINDS", "SourceError", "load", "validate"]


def load(path: str, kind: str = "auto") -> Snapshot:
    """The snapshot that a path holds.

    :param kind: one of KINDS, or "auto" to detect it from the content; source.kind of the result is the kind that was used.
    :raises SourceError: naming the path, and saying why it cannot be used.
    """
    if not path or "\0" in path:
        raise SourceError(f"source is {shown(path)}. Give the path of a file or folder.")
    if kind not in ("auto", *KINDS):
        raise SourceError(f"{path}: unknown source_kind {shown(kind)}. Choose auto or one of {', '.join(KINDS)}.")
    try:
        return kind_of(_detected(path) if kind == "auto" else kind).load(path)
    except SourceError as error:
        # A file inside a folder or an archive is named as it is there.
        raise SourceError(str(error) if path in str(error) else f"{path}: {error}") from None
    except OSError as error:
        # A folder that may not be listed, a file that goes away meanwhile.
        raise cannot_read(path, error) from None
    except MemoryError:
        raise SourceError(f"{path}: cannot be read with the memory that there is") from None
    except RecursionError:
        raise SourceError(f"{path}: nested too deeply") from None


def _detected(path: str) -> str:
    # It needs all kinds (see kind_of).
    from ._detect import detect_kind

    return detect_kind(path)
