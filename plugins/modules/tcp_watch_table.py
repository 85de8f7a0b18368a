#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_watch_table
short_description: Show one round of a watch and wait for the next
version_added: 0.1.0
description:
  - Prints one line for each host of what M(linux_tcp.hardening.tcp_watch) saw, writes the same as metrics for Prometheus where
    O(textfile) asks for it, and returns when the next round is due.
  - With O(summary) it prints, for each host, the last figures and the highest ones, and does not wait.
  - Rounds are due at fixed moments from the first one on, so they do not drift. Where a round took longer than O(interval), the moments
    that it missed are left out.
  - Reaches no host and changes nothing but that file.
options:
  hosts:
    description:
      - Host name to the registered result of M(linux_tcp.hardening.tcp_watch) for this host, whatever became of it.
    type: dict
    required: true
  rounds:
    description:
      - How many rounds follow the first look.
      - Must be between V(0) and V(86400).
    type: int
    default: 0
  interval:
    description:
      - Seconds from one round to the next.
      - Must be between V(0.1) and V(3600).
    type: float
    default: 5.0
  previous:
    description:
      - The registered result of the round before. Left out, or empty, for the first look.
      - Where that was the last round, the task is skipped and returns it once more.
    type: dict
    default: {}
  textfile:
    description:
      - A folder on the controller for the file C(linux_tcp.prom), or the path of a file whose name ends in C(.prom).
      - It is replaced as a whole in each round. In check mode it is not written.
    type: path
  summary:
    description:
      - Whether this is the end. Then only O(hosts) counts.
    type: bool
    default: false
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.controller
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
seealso:
  - module: linux_tcp.hardening.tcp_watch
"""

EXAMPLES = r"""
- name: Look
  linux_tcp.hardening.tcp_watch:
    previous: "{{ tcp_now | default({}) }}"
  register: tcp_now

- name: Show the round
  linux_tcp.hardening.tcp_watch_table:
    hosts: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'tcp_now'))) }}"
    previous: "{{ tcp_shown | default({}) }}"
    rounds: 12
    textfile: /var/lib/prometheus/node-exporter
  run_once: true
  delegate_to: localhost
  register: tcp_shown

- name: Show the end
  linux_tcp.hardening.tcp_watch_table:
    hosts: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'tcp_now'))) }}"
    summary: true
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
table:
  description: What was printed.
  returned: success
  type: str
finished:
  description: Whether this was the last round.
  returned: for a round
  type: bool
next_round:
  description: The number of the next round. The first look is V(0).
  returned: for a round
  type: int
  sample: 3
started:
  description: When the first look was shown, on the controller's monotonic clock.
  returned: for a round
  type: float
  sample: 81234.5
"""
