#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_watch
short_description: Look at a host's TCP again and show what changed
version_added: 0.1.0
description:
  - Counts the host's sockets and reads its TCP counters. With O(previous) it also returns how fast they grew since then, and how long
    the ports and the TIME_WAIT sockets last at this rate.
  - The playbook C(linux_tcp.hardening.watch_tcp) does this every few seconds for all hosts.
  - It only reads. If a host fails or cannot be reached, the task succeeds all the same, so that the watch of the other hosts goes on.
    RV(failure) has the error.
  - A host that could not be reached is skipped in the next five looks. One more attempt could take longer than all other hosts together.
options:
  namespaces:
    description:
      - Which network namespaces of the host to look at beside the one that Ansible reaches, as for M(linux_tcp.hardening.tcp_facts).
        V(host) means none, and RV(namespaces.not_seen) of the first look tells how many there are. V(all) means all of them.
      - Or a list of names and shell patterns. A namespace has the names of its pod, container, host name, systemd unit, process, and the
        one under C(/run/netns).
      - Needs root. Each namespace is entered by a process of its own. At most 5000 are looked at, 10 seconds each, 120 seconds together.
    type: list
    elements: str
    default: [host]
  previous:
    description:
      - The registered result of the last look. Leave it out, or empty, for the first look, which has no rates.
    type: dict
    default: {}
  finished:
    description:
      - Whether the watch is over. If V(true), the task is skipped, asks the host nothing, and returns O(previous) again.
    type: bool
    default: false
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.controller
author:
  - The linux_tcp.hardening authors (@linux_tcp)
seealso:
  - module: linux_tcp.hardening.tcp_watch_table
  - module: linux_tcp.hardening.tcp_facts
"""

EXAMPLES = r"""
- name: Look a first time
  linux_tcp.hardening.tcp_watch:
  register: tcp_first

- name: Wait
  ansible.builtin.wait_for:
    timeout: 5
  delegate_to: localhost

- name: Look again
  linux_tcp.hardening.tcp_watch:
    previous: "{{ tcp_first }}"
  register: tcp_second

- name: Show the rate of outgoing connections
  ansible.builtin.debug:
    msg: "{{ tcp_second.measure.rates.ActiveOpens }} a second"
"""

RETURN = r"""
measure:
  description: What this look saw. V(null) if it failed.
  returned: always
  type: dict
  contains:
    seconds:
      description: Seconds since the last look, by the host's own clock. V(null) for the first look and after a restart.
      returned: success
      type: float
      sample: 5.003
    restarted:
      description: Whether the host booted, or its counters started again, since the last look.
      returned: success
      type: bool
    time_wait:
      description: TIME_WAIT sockets.
      returned: success
      type: int
      sample: 5120
    bucket_limit:
      description: The value of C(tcp_max_tw_buckets).
      returned: success
      type: int
      sample: 262144
    usable_ports:
      description: Ports of the ephemeral range that are not reserved.
      returned: success
      type: int
      sample: 28232
    busiest:
      description:
        - The C(source), C(destination) and C(destination_port) that use the most C(ports), and their C(share) of the usable ports.
        - C(states) is how many of the ports are in each state.
      returned: success
      type: dict
      sample: {source: 192.0.2.1, destination: 192.0.2.80, destination_port: 443, ports: 5120, share: 0.18, states: {time_wait: 5120}}
    counters:
      description: The counters since boot. Only those that this kernel has.
      returned: success
      type: dict
      sample: {ActiveOpens: 90210, PassiveOpens: 12, TCPTimeWaitOverflow: 0, PAWSEstab: 3}
    absent:
      description: The counters that this kernel does not have.
      returned: success
      type: list
      elements: str
      sample: [PAWSPassive]
    rates:
      description: How much the counters grew per second. Empty for the first look and after a restart.
      returned: success
      type: dict
      sample: {ActiveOpens: 102.4, PassiveOpens: 0.0, TCPTimeWaitOverflow: 0.0, PAWSEstab: 0.0}
    ports_left:
      description:
        - The destination that runs out of ports first at this rate, and the seconds until then.
        - V(null) if none runs out, or if it is not known.
      returned: success
      type: dict
      sample: {seconds: 41.2, source: 192.0.2.1, destination: 192.0.2.80, destination_port: 443}
    knee_left:
      description:
        - The destination that holds half of the usable ports first at this rate, and the seconds until then. From there on each connect()
          costs more and more CPU time. V(null) if none gets there, or if it is not known.
      returned: success
      type: dict
      sample: {seconds: 12.5, source: 192.0.2.1, destination: 192.0.2.80, destination_port: 443}
    tracked:
      description: Entries of connection tracking. V(null) if it is not loaded.
      returned: success
      type: int
      sample: 1200
    tracked_limit:
      description: The limit of these entries, C(nf_conntrack_max).
      returned: success
      type: int
      sample: 262144
    buckets_left:
      description: Seconds until the TIME_WAIT sockets reach their limit at this rate. V(null) if they do not, or if it is not known.
      returned: success
      type: float
      sample: 95.5
    reuse:
      description: Whether C(tcp_tw_reuse) is V(1). Ports in TIME_WAIT can then be used again, if the peer agreed to timestamps.
      returned: success
      type: bool
    not_seen:
      description: What could not be read and why, one sentence each.
      returned: success
      type: list
      elements: str
      sample: []
namespaces:
  description: What this look saw in the other network namespaces that O(namespaces) asks for.
  returned: always
  type: dict
  contains:
    seen:
      description: How many were looked at. V(null) if none was asked for, or if the look failed.
      returned: always
      type: int
      sample: 50
    unknown:
      description: How many of them have ports or TIME_WAIT sockets that are not known. C(not_seen) says why.
      returned: always
      type: int
      sample: 0
    measures:
      description:
        - The C(name) and C(identity) of each and its C(measure), as RV(measure). Those that are nearest to a limit come first, at most 200.
        - Rates are those of one namespace in two looks. A namespace that has ended is not there any more, and one of the same name that
          was made later starts without rates.
      returned: always
      type: list
      elements: dict
      sample: []
    not_seen:
      description: Which namespaces were not looked at and why, and what could not be read in them, one sentence each.
      returned: always
      type: list
      elements: str
      sample: ["This network namespace was not looked at: pod shop/cart (it has gone)."]
    news:
      description: Those sentences of C(not_seen) that the last look did not have.
      returned: always
      type: list
      elements: str
      sample: []
    sample:
      description: What the next look is compared with.
      returned: always
      type: dict
    peaks:
      description:
        - The ten that came nearest to a limit so far, with C(name), C(identity), C(nearness) and C(peak), as RV(peak). Also those that
          have ended since.
        - C(nearness) is how full the fullest limit was, from 0 to 1. It is V(1) if the limit was less than ten minutes away at that rate.
      returned: always
      type: list
      elements: dict
      sample: []
peak:
  description:
    - The highest value of each figure so far, the number of looks that saw the host (C(seen)), and the last of them (C(last)).
  returned: always
  type: dict
failure:
  description: Why this look failed, as C(msg) with C(unreachable) or C(failed). Empty if the host was seen.
  returned: always
  type: dict
  sample: {}
last_failure:
  description: The last RV(failure) of this host. Empty if every look saw it.
  returned: always
  type: dict
  sample: {}
failed_looks:
  description: How many looks did not see the host, with those that skipped it.
  returned: always
  type: int
  sample: 0
skip_looks:
  description: How many of the next looks skip the host.
  returned: always
  type: int
  sample: 0
sample:
  description: What the next look is compared with.
  returned: always
  type: dict
"""

import time
from typing import TYPE_CHECKING

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _compile_once  # noqa: F401  # pylint: disable=unused-import  # makes the imports below faster
from ..module_utils._facts._gather import gather
from ..module_utils._facts._namespace_count import tell_others
from ..module_utils._tree import HostTree

if TYPE_CHECKING:
    from ..plugin_utils._snapshot_types import Snapshot

BOOT_ID = "/proc/sys/kernel/random/boot_id"
MAX_BOOT_ID = 64
# How many groups of connections to name. The action on the controller knows that there may be more.
TOP = 20


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core is not typed
        # The action on the controller uses the last two.
        argument_spec={
            "namespaces": {"type": "list", "elements": "str", "default": ["host"]},
            "previous": {"type": "dict", "default": {}},
            "finished": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    host = HostTree()
    try:
        boot_id = host.read(BOOT_ID, MAX_BOOT_ID)[:MAX_BOOT_ID].decode("ascii", "replace").strip()
    except OSError:
        boot_id = ""
    # The counters are what is read first after this.
    clock = time.clock_gettime(time.CLOCK_BOOTTIME)
    # A round shows no programs, and looking for them would make each one longer.
    snapshot = gather(host, ("counters", "sysctl", "sockets"), top=TOP, programs=False)
    others = _others(host, module.params["namespaces"], snapshot)
    module.exit_json(observed={"clock": clock, "boot_id": boot_id, "top": TOP, "snapshot": snapshot, "others": others})


def _others(host: HostTree, namespaces: list[str], snapshot: Snapshot) -> dict[str, object]:
    """What the snapshot, which gets the other network namespaces that are asked for, does not say of them."""
    patterns = [pattern for pattern in namespaces if pattern != "host"]
    if not patterns:
        return {"not_seen": tell_others(host) if namespaces else []}
    # Only loaded where it is asked for.
    from ..module_utils._facts import _other_namespaces

    snapshot["namespaces"], not_seen, moments = _other_namespaces.watch_others(host, patterns, snapshot)
    return {"not_seen": not_seen, "moments": moments, "top": _other_namespaces.TOP}


if __name__ == "__main__":
    main()
