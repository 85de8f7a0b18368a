#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_audit_assert
short_description: Fail a host when its audit found something severe
version_added: 0.1.0
description:
  - Fails the host when a result of its audit reaches O(fail_on), fails it when it could not be audited, and marks it unreachable
    when it could not be reached.
  - With this a play can audit every host, write all reports, and fail only then. The exit code of C(ansible-playbook) is V(0) when nothing
    reached O(fail_on), V(2) when something did, and V(4) when a host was unreachable.
  - Reaches no host and changes nothing.
options:
  audit:
    description:
      - The registered result of M(linux_tcp.hardening.tcp_audit) for this host. The audit may have failed.
    type: dict
    required: true
  fail_on:
    description:
      - The severity from which a failed result fails the host.
    type: str
    choices: [never, info, low, medium, high, critical]
    default: high
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.controller
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
seealso:
  - module: linux_tcp.hardening.tcp_audit
  - module: linux_tcp.hardening.tcp_report
"""

EXAMPLES = r"""
- name: Audit, report, and only then fail
  hosts: all
  gather_facts: false
  tasks:
    - name: Audit
      linux_tcp.hardening.tcp_audit:
        profile: client_host
        fail_on: never
      register: tcp
      ignore_errors: true
      ignore_unreachable: true

    - name: Write one set of reports for all hosts
      linux_tcp.hardening.tcp_report:
        audits: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'tcp'))) }}"
        dest: reports
      run_once: true
      delegate_to: localhost

    - name: End as the audit says
      linux_tcp.hardening.tcp_audit_assert:
        audit: "{{ tcp }}"
        fail_on: high
"""

RETURN = r"""
msg:
  description: Why the task failed, or that it did not, in words for a person.
  returned: always
  type: str
  sample: "web1: nothing reached high"
"""
