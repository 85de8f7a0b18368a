# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""An ansible-core that is too old: every action refuses it when it is loaded.

Ansible itself only warns, and goes on. _action.py imports this before anything that an old ansible-core or its Python may not know.
"""

from __future__ import annotations

import re

from ansible.errors import AnsibleError
from ansible.release import __version__ as core_version

# The same as requires_ansible in meta/runtime.yml.
OLDEST = (2, 16)


def refuse_too_old(version: str) -> None:
    """Raises AnsibleError, which fails the task, for a version of ansible-core that is older than OLDEST."""
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) >= OLDEST:
        return
    oldest = ".".join(map(str, OLDEST))
    raise AnsibleError(
        f"This is ansible-core {version}, which is too old: linux_tcp.hardening needs ansible-core {oldest} or newer. Nothing was done."
        f" Install a newer one: python3 -m pip install 'ansible-core>={oldest}'"
    )


refuse_too_old(core_version)
