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
  - Prints one line for each host with what M(linux_tcp.hardening.tcp_watch) saw. With O(textfile) it also writes metrics for Prometheus.
    It returns when the next round is due.
  - With O(summary) it prints the last and the highest values of each host, and does not wait.
  - Rounds start at fixed times, counted from the first one, so they do not drift. If a round took longer than O(interval), the rounds
    that should have started meanwhile are left out.
  - It reaches no host. It writes nothing but the O(textfile).
options:
  hosts:
    description:
      - The registered result of M(linux_tcp.hardening.tcp_watch) for each host, by host name. Failed results too.
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
      - The registered result of this module in the last round. Leave it out, or empty, for the first look.
      - If the watch ended with that round, the task is skipped and returns O(previous) again.
    type: dict
    default: {}
  textfile:
    description:
      - A folder on the controller, which gets the file C(linux_tcp.prom), or the path of a file whose name ends in C(.prom).
      - Each round replaces the whole file at once. In check mode it is not written.
    type: path
  textfile_destinations:
    description:
      - How many destinations of each host have metrics of their own in the O(textfile). Those nearest to their last port come first.
      - One destination is one source address, destination address and destination port. Those in other network namespaces of the host
        count with it. The host names its 20 busiest, and the five busiest of each other network namespace.
      - Must be between V(0) and V(100).
    type: int
    default: 10
  summary:
    description:
      - Whether to print the summary of the watch. All options but O(hosts) are then ignored.
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
  description: When the first look was shown, in seconds of the controller's monotonic clock.
  returned: for a round
  type: float
  sample: 81234.5
"""
