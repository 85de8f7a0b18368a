#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_facts
short_description: Collect what a Linux host's TCP looks like right now
version_added: 0.1.0
author:
  - The linux_tcp.hardening authors (@linux_tcp)
description:
  - Takes a snapshot of a host's TCP, as the fact C(linux_tcp). It holds sysctl keys, the files that set them at boot, the kernel's
    counters, and the sockets, counted by state and by destination.
  - It only reads. It judges nothing, that is the work of M(linux_tcp.hardening.tcp_audit).
  - Works without root. What could then not be seen is told in C(not_seen).
  - Secret keys, such as V(net.ipv4.tcp_fastopen_key), are never read, and their values in boot files are left out.
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.facts
options:
  gather_subset:
    description:
      - The parts of the snapshot to take. With a C(!) in front, a part to leave out of all others.
      - A part that is not taken is V(null) in the snapshot. The facts about the host itself are always there.
      - V(sysctl) are the keys under C(/proc/sys), V(boot_files) the files that set them at boot, V(counters) those of
        C(/proc/net/netstat), C(/proc/net/snmp) and C(/proc/net/sockstat), V(sockets) the sockets that netlink lists.
    type: list
    elements: str
    choices: [all, sysctl, boot_files, counters, sockets, "!all", "!sysctl", "!boot_files", "!counters", "!sockets"]
    default: [all]
  sample_seconds:
    description:
      - Read the counters a second time after this many seconds, and return what changed. V(0) takes no second sample.
      - Must be between V(0) and V(300). Needs the V(counters) part.
    type: float
    default: 0
  top:
    description:
      - How many groups of connections and how many destinations to name, the busiest first.
      - Must be between V(1) and V(200).
    type: int
    default: 20
seealso:
  - module: linux_tcp.hardening.tcp_audit
"""

EXAMPLES = r"""
- name: Take the whole snapshot
  linux_tcp.hardening.tcp_facts:

- name: See how fast the counters grow, and leave the sockets alone
  linux_tcp.hardening.tcp_facts:
    gather_subset:
      - "!sockets"
    sample_seconds: 10

- name: Show how many TIME_WAIT sockets there are
  ansible.builtin.debug:
    msg: "{{ ansible_facts['linux_tcp']['sockstat']['TCP']['tw'] }}"
"""

RETURN = r"""
ansible_facts:
  description: The facts, to be added to those of the host.
  returned: always
  type: dict
  contains:
    linux_tcp:
      description: The snapshot.
      returned: always
      type: dict
      contains:
        schema:
          description: Name and version of this structure.
          returned: always
          type: str
          sample: linux_tcp.snapshot/2
        collected_at:
          description: When it was taken, in UTC.
          returned: always
          type: str
          sample: "2026-01-31T12:00:00Z"
        source:
          description: Where it comes from. From this module, C(kind) is V(live) and C(path) is V(null).
          returned: always
          type: dict
          sample: {kind: live, path: null}
        host:
          description:
            - C(hostname), C(kernel_release), C(memory_bytes), and whether this ran as C(root).
            - C(network_namespace) is V(initial), or V(own) in a container or another namespace.
            - C(boot_files_apply) is V(false) where boot files set another network namespace than this one, and in a container without
              systemd, where nothing applies them.
            - C(proc_sys_writable) tells whether the keys may be written.
            - C(init) is V(systemd) or V(other).
            - What is not known is V(null).
          returned: always
          type: dict
          sample:
            hostname: web1
            kernel_release: 6.1.0-18-amd64
            network_namespace: initial
            boot_files_apply: true
            proc_sys_writable: true
            init: systemd
            memory_bytes: 8323014656
            root: true
        sysctl:
          description:
            - The sysctl keys that matter here, by name. C(state) is V(present), V(absent) or V(unreadable).
            - C(raw) is the text and C(value) what it means; C(writable) tells whether this user may write it; C(reason) is the error
              of a key that cannot be read.
          returned: always
          type: dict
          sample:
            net.ipv4.tcp_timestamps: {state: present, raw: "1", value: 1, writable: true}
            net.ipv4.tcp_tw_recycle: {state: absent}
        ipv4_keys:
          description: Names of all C(tcp_*) and C(ip_local_*) keys of this kernel.
          returned: always
          type: list
          elements: str
          sample: [ip_local_port_range, tcp_timestamps]
        boot_files:
          description:
            - The files with sysctl settings. C(files) holds for each its C(assignments) with line, key and value, its C(readers), and
              the reason where nothing reads it.
            - C(order) holds for each reader, C(systemd) (systemd-sysctl) and C(procps) (sysctl --system), the order in which it reads them.
          returned: always
          type: dict
        sockstat:
          description: The numbers of C(/proc/net/sockstat).
          returned: always
          type: dict
          sample: {TCP: {inuse: 12, orphan: 0, tw: 3, alloc: 14, mem: 2}}
        counters:
          description: The counters of the groups C(TcpExt) and C(Tcp) since boot. A name that is not there is one that this kernel lacks.
          returned: always
          type: dict
          sample: {TcpExt: {TW: 52, PAWSEstab: 0}, Tcp: {ActiveOpens: 22}}
        sample:
          description:
            - The C(seconds) between two readings of the counters, and the C(deltas) between them.
            - A counter that shrank has the delta V(null). The whole is V(null) without O(sample_seconds).
          returned: always
          type: dict
          sample: {seconds: 10.0, deltas: {TcpExt: {TW: 4}}}
        sockets:
          description:
            - C(states) counts the sockets by family and state. C(listeners) are listening addresses and ports, and
              C(listeners_left_out) is the number of those over 500.
            - C(time_wait_listening) are TIME_WAITs whose local port has a listener, so that this host closed first as a server;
              C(time_wait_outgoing) are those of the others whose local port is an ephemeral one. C(outgoing) are live connections to
              other hosts from ports without a listener.
            - C(ports_in_use) are the ephemeral ports that connections from one source to one destination and port hold, and how many
              of them are in TIME_WAIT; each count may be short by C(error_bound).
            - C(timestamps) counts for each destination the connections that did and did not agree on TCP timestamps.
          returned: always
          type: dict
          sample:
            states: {ipv4: {established: 3, time_wait: 3, listen: 1}, ipv6: {}}
            listeners: [{family: ipv4, address: 0.0.0.0, port: 22}]
            listeners_left_out: 0
            time_wait_listening: 0
            time_wait_outgoing: 3
            outgoing: 2
            ports_in_use:
              - {source: 192.0.2.1, destination: 192.0.2.80, destination_port: 443, ports: 5, time_wait: 3}
            error_bound: 0
            timestamps:
              - {destination: 192.0.2.80, destination_port: 443, negotiated: 2, not_negotiated: 0}
        not_seen:
          description: What could not be read and why, one sentence each.
          returned: always
          type: list
          elements: str
          sample: ["Sockets were not counted: the kernel's socket list (sock_diag) answered EPERM."]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _compile_once  # noqa: F401  # pylint: disable=unused-import  # makes the imports below faster
from ..module_utils._facts._gather import SUBSETS, chosen_subset, gather
from ..module_utils._tree import HostTree

MAX_SAMPLE_SECONDS = 300
MAX_TOP = 200


def main() -> None:
    choices = ["all", *SUBSETS]
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core is not typed
        argument_spec={
            "gather_subset": {
                "type": "list",
                "elements": "str",
                "default": ["all"],
                "choices": choices + ["!" + choice for choice in choices],
            },
            "sample_seconds": {"type": "float", "default": 0},
            "top": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    for name, low, high in (("sample_seconds", 0, MAX_SAMPLE_SECONDS), ("top", 1, MAX_TOP)):
        if not low <= module.params[name] <= high:
            module.fail_json(msg=f"{name} must be between {low} and {high}, not {module.params[name]}")
    subset = chosen_subset(module.params["gather_subset"])
    snapshot = gather(HostTree(), subset, module.params["sample_seconds"], module.params["top"])
    module.exit_json(ansible_facts={"linux_tcp": snapshot})


if __name__ == "__main__":
    main()
