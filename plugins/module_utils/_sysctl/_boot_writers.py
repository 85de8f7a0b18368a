# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which programs set sysctl keys at boot, in which order: the reader of sysctl.d that the init starts, and who writes after it.

What is read off the host decides: links of units and services, scripts, configuration. Where nothing shows a reader, none is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _scripts, _tuned, _ufw
from ._services import Services

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import BootFiles
    from .._tree import Tree
    from ._writer import Found

# In the order in which they write, as far as there is one.
_PROGRAMS = (_ufw.find, _tuned.find)

# Their files are in a syntax of their own.
OWN_SYNTAX = (_tuned.NAME, *_scripts.NAMES)


def other_writers(tree: Tree, services: Services) -> list[Found]:
    """The programs beside the readers of sysctl.d, in the order in which they write; at the end those whose turn is not known."""
    return [*(found for find in _PROGRAMS for found in [find(tree, services)] if found), *_scripts.find(tree)]


def boot_sequence(boot_files: BootFiles, reader: str) -> list[str]:
    """Who writes at boot, one after the other. reader: who applies sysctl.d. Those whose turn is not known are left out."""
    before = [writer["name"] for writer in boot_files["writers"] if writer["order"] == "before"]
    return [*before, reader, *later_writers(boot_files)]


def later_writers(boot_files: BootFiles) -> list[str]:
    """Those who write after the reader of sysctl.d, as far as one can tell."""
    return [writer["name"] for writer in boot_files["writers"] if writer["order"] in ("after", "race")]
