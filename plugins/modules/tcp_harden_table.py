#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_harden_table
short_description: Show what a hardening run or a rollback did
version_added: 0.1.0
description:
  - Prints one table of all hosts - the worst result before, what changed, and what still fails.
  - With O(rollback) it shows what was undone, which keys were left alone and why, and where an edited boot file is kept.
  - Reaches no host and changes nothing.
options:
  hosts:
    description:
      - Host name to a dictionary of C(profile), C(before) and C(after) (registered results of M(linux_tcp.hardening.tcp_audit)) and
        C(change) (the registered result of M(linux_tcp.hardening.tcp_profile)). A missing key means that the task did not run on that host.
      - When one of them has an unexpected form, only the lines of that host say so. All other hosts are shown as usual.
    type: dict
    required: true
  rollback:
    description:
      - Whether the run was a rollback, as that of C(rollback_tcp.yml). Only C(change) is used then.
    type: bool
    default: false
  show:
    description:
      - Whether to print the table.
    type: bool
    default: true
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.controller
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
seealso:
  - module: linux_tcp.hardening.tcp_audit
  - module: linux_tcp.hardening.tcp_profile
"""

EXAMPLES = r"""
- name: Show what was done
  linux_tcp.hardening.tcp_harden_table:
    hosts:
      web1:
        profile: backend
        before: "{{ hostvars['web1'].audit_before }}"
        change: "{{ hostvars['web1'].backend_result }}"
        after: "{{ hostvars['web1'].audit_after }}"
  run_once: true

- name: Show what was undone
  linux_tcp.hardening.tcp_harden_table:
    rollback: true
    hosts:
      web1:
        change: "{{ hostvars['web1'].undone }}"
  run_once: true
"""

RETURN = r"""
summary:
  description: The table as text.
  returned: always
  type: str
hosts:
  description: Host name to V(changed), V(unchanged), V(failed), V(unreachable), V(not_run) or V(unreadable), which means that the answer
    of the module has an unexpected form.
  returned: always
  type: dict
  sample: {web1: changed}
"""
