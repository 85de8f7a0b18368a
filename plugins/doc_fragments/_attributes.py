# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Attributes that the collection's modules and actions share in their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    # What every one of them has. None of them changes the host that it looks at.
    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/linux_tcp.hardening.hardening) in C(module_defaults) to set defaults for the whole collection.
    support: full
    membership:
      - linux_tcp.hardening.hardening
  check_mode:
    description: Can run in C(check_mode) and does the same there.
    support: full
    details:
      - Nothing on the host is changed in either mode.
  idempotent:
    description: Running it again does not change the host.
    support: full
"""

    # For modules that return facts.
    FACTS = r"""
options: {}
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), in diff mode.
    support: N/A
    details:
      - It never changes anything.
  facts:
    description: Returns an C(ansible_facts) dictionary that updates existing host facts.
    support: full
  platform:
    description: Target systems that it works on.
    support: full
    platforms: linux
"""

    # For actions that run on the controller; the target is any host that their input came from.
    CONTROLLER = r"""
options: {}
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), in diff mode.
    support: none
  platform:
    description: Target systems that it works on.
    support: full
    platforms: linux
"""

    # For the module that changes hosts.
    TRANSACTION = r"""
options: {}
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
  check_mode:
    description: Can run in C(check_mode) and returns what it would change.
    support: full
    details:
      - A value that the kernel would refuse fails in check mode too. The one exception is the name of a congestion control, because
        only the kernel knows those.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), in diff mode.
    support: full
  platform:
    description: Target systems that it works on.
    support: full
    platforms: linux
"""
