# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What tcp_watch returns for one host. The next look, and the tables, get it back from Ansible, so _shapes checks it again."""

from __future__ import annotations

from typing import Annotated, TypedDict

from ._shapes import AtLeast, Default
from ._watch_types import Measure, Namespaces, Observation, Peak

Times = Annotated[int, AtLeast(0), Default(0)]


class Failure(TypedDict, total=False):
    """Why a host was not seen, in the words of Ansible's own result keys. Empty where it was seen."""

    unreachable: bool
    failed: bool
    msg: str


class WatchState(TypedDict):
    """measure: of this look, None where the host was not seen. sample: what the next look compares with. peak: the highest figures.

    failed_looks: how many looks did not see the host. skip_looks: how many more looks skip it.
    """

    measure: Measure | None
    sample: Observation | None
    peak: Peak | None
    namespaces: Annotated[Namespaces, Default({})]
    failure: Annotated[Failure, Default({})]
    last_failure: Annotated[Failure, Default({})]
    failed_looks: Times
    skip_looks: Times
