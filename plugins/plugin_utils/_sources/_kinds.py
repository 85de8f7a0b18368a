# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The kinds of sources. A new kind is one file with these three functions, and one line in KINDS."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot
    from . import _capture, _paste, _repository, _snapshot, _sos, _sysctl_a, _sysctl_d


class Kind(Protocol):
    """A file of this folder, as a kind of source."""

    def load(self, path: str) -> Snapshot:
        """The snapshot that the path holds. Raises SourceError naming the path, or OSError."""

    def is_file(self, start: bytes) -> bool:
        """Whether a file whose first START_BYTES bytes are these is of this kind."""

    def is_folder(self, path: str) -> bool:
        """Whether a folder is of this kind."""


START_BYTES = 4096
# By their name in the option source_kind. Detection asks them in this order.
KINDS = ("snapshot", "sos", "capture", "paste", "sysctl_a", "sysctl_d", "repository")

if TYPE_CHECKING:
    _CHECKED: tuple[Kind, ...] = (_snapshot, _sos, _capture, _paste, _sysctl_a, _sysctl_d, _repository)


def kind_of(name: str) -> Kind:
    """The file of one of KINDS.

    It is imported only now: Ansible compiles every file of a collection anew in each run, and an audit of a live host needs none of these.
    """
    return cast("Kind", import_module(f"._{name}", __package__))
