#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_facts
short_description: Collect the TCP settings, counters and sockets of a Linux host
version_added: 0.1.0
author:
  - The linux_tcp.hardening authors (@linux_tcp)
description:
  - Takes a snapshot of a host's TCP and returns it as the fact C(linux_tcp). It has the sysctl keys, the files that set them at boot, the
    kernel's counters, and the sockets, counted by state and by destination.
  - It only reads. To have the snapshot checked by rules, use M(linux_tcp.hardening.tcp_audit).
  - It works without root. C(not_seen) then lists what it could not read.
  - It never reads secret keys, such as V(net.ipv4.tcp_fastopen_key). Of boot files it returns no value of a secret, of a shell pattern that
    may stand for a secret, or of a key that is not about TCP.
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.facts
options:
  gather_subset:
    description:
      - The parts of the snapshot to take. A C(!) in front means all parts but this one.
      - V(sysctl) is the keys under C(/proc/sys). V(boot_files) is the files that set them at boot. V(counters) is the counters of
        C(/proc/net/netstat), C(/proc/net/snmp) and C(/proc/net/sockstat). V(sockets) is the sockets that netlink lists.
      - A part that is not taken is V(null) in the snapshot. The facts about the host itself are always taken.
    type: list
    elements: str
    choices: [all, sysctl, boot_files, counters, sockets, "!all", "!sysctl", "!boot_files", "!counters", "!sockets"]
    default: [all]
  sample_seconds:
    description:
      - Read the counters a second time after this many seconds, and return how much they grew. V(0) reads them once.
      - Must be between V(0) and V(300). Needs the part V(counters).
    type: float
    default: 0
  top:
    description:
      - How many groups of connections, and how many destinations, to list. The busiest come first.
      - Must be between V(1) and V(200).
    type: int
    default: 20
  namespaces:
    description:
      - Which network namespaces of the host to look at beside the one that Ansible reaches. V(host) means none, and C(not_seen) tells how
        many there are. V(all) means all of them.
      - Or a list of names and shell patterns. A namespace has the names of its pod, container, host name, systemd unit, process, and the
        one under C(/run/netns).
      - Needs root. Each namespace is entered by a process of its own. At most 5000 are looked at, 10 seconds each, 120 seconds together.
      - With V(sample_seconds) the counters of each are read a second time, after those of the host.
    type: list
    elements: str
    default: [host]
seealso:
  - module: linux_tcp.hardening.tcp_audit
"""

EXAMPLES = r"""
- name: Take the whole snapshot
  linux_tcp.hardening.tcp_facts:

- name: See how fast the counters grow, without the sockets
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
  description: The facts that Ansible adds to the host.
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
          sample: linux_tcp.snapshot/3
        collected_at:
          description: When the snapshot was taken, in UTC.
          returned: always
          type: str
          sample: "2026-01-31T12:00:00Z"
        source:
          description: Where the snapshot comes from. From this module, C(kind) is V(live) and C(path) is V(null).
          returned: always
          type: dict
          sample: {kind: live, path: null}
        host:
          description:
            - C(hostname), C(kernel_release), C(memory_bytes), C(uptime_seconds), and whether the module ran as C(root).
            - C(network_namespace) is V(initial), or V(own) in a container or another namespace.
            - C(boot_files_apply) is V(false) if boot files set the keys of another network namespace, and in a container without systemd,
              where nothing applies them.
            - C(proc_sys_writable) is whether the keys can be written.
            - C(init) is V(systemd) or V(other).
            - A fact that is not known is V(null).
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
            uptime_seconds: 86400
        sysctl:
          description:
            - The sysctl keys that the rules use, by name. C(state) is V(present), V(absent) or V(unreadable).
            - C(raw) is the text of the key, and C(value) is what it means. C(writable) is whether this user may write the key. C(reason) is
              the error of a key that cannot be read.
          returned: always
          type: dict
          sample:
            net.ipv4.tcp_timestamps: {state: present, raw: "1", value: 1, writable: true}
            net.ipv4.tcp_tw_recycle: {state: absent}
        ipv4_keys:
          description: The names of all C(tcp_*) and C(ip_local_*) keys of this kernel.
          returned: always
          type: list
          elements: str
          sample: [ip_local_port_range, tcp_timestamps]
        boot_files:
          description:
            - The files with sysctl settings. C(files) lists each file with its C(assignments) (line, key and value), its C(readers), and
              the reason if nothing reads it.
            - An assignment with C(withheld) has a value in the file, but C(value) is V(null), because that value does not leave the host.
            - C(order) lists the files in the order in which each reader reads them. The readers are C(systemd) (systemd-sysctl) and
              C(procps) (sysctl --system), and C(openrc) or C(busybox) where a service of OpenRC reads one file after the other.
            - C(applied_by) is the reader that the init of the host starts. If that is not known, C(why_not_applied) has the reason.
            - C(writers) lists the programs that set keys at boot from files of their own, such as C(ufw) and C(tuned), in their order.
          returned: always
          type: dict
        sockstat:
          description: The numbers of C(/proc/net/sockstat).
          returned: always
          type: dict
          sample: {TCP: {inuse: 12, orphan: 0, tw: 3, alloc: 14, mem: 2}}
        counters:
          description:
            - The counters of the groups C(TcpExt), C(Tcp) and C(Ip) since boot, and of C(nf_conntrack) if connection tracking is loaded.
            - If a name is missing, this kernel does not have it.
          returned: always
          type: dict
          sample: {TcpExt: {TW: 52, PAWSEstab: 0}, Tcp: {ActiveOpens: 22}}
        sample:
          description:
            - The C(seconds) between the two readings of the counters, and the C(deltas) between them.
            - A counter that went down has the delta V(null). Without O(sample_seconds) the whole sample is V(null).
            - C(states) is how many more sockets are in C(syn_sent), C(fin_wait2) and C(close_wait) than at the first reading.
          returned: always
          type: dict
          sample: {seconds: 10.0, deltas: {TcpExt: {TW: 4}}}
        sockets:
          description:
            - C(states) is the number of sockets by family and state. C(listeners) is the listening addresses and ports, at most 500;
              C(listeners_left_out) is the number of those beyond.
            - C(time_wait_listening) is the number of TIME_WAIT sockets whose local port has a listener. This host closed those first, as a
              server. C(time_wait_outgoing) is the number of the others whose local port is an ephemeral port. C(outgoing) is the number of
              live connections to other hosts from ports without a listener.
            - C(ports_in_use) lists how many ephemeral ports the connections from one source to one destination and port use, and how many
              of them are in each state. C(device) is the interface that the sockets are bound to, or null. C(begun) of them are in a
              TIME_WAIT that began in the last 5 seconds. C(bind_parity) is as below. A count may be too low, by C(error_bound) at most.
            - C(timestamps) is the number of connections to each destination that did and did not negotiate TCP timestamps.
            - C(source_ports) is, for each source address, how many ephemeral ports its C(connections) hold for all destinations together.
              C(bind_parity) of them are odd where the range starts even, or the other way round. bind() takes those first, connect() the
              others. C(source_ports_left_out) is the number of source addresses beyond.
            - C(accepted) is, for each port with a listener, the number of its connections in each state.
            - C(fin_wait2_orphans) is the number of FIN_WAIT2 sockets that no program has open.
            - C(udp) lists the UDP sockets without a peer whose port is an ephemeral port.
            - C(reuse_sample) is the number of connections C(opened) within some C(seconds), and how many of them C(recycled) a port in
              TIME_WAIT. It is taken only if one destination holds a third of the range in TIME_WAIT, and O(sample_seconds) is 0.
            - C(programs) is which programs have live sockets to the destinations that hold many ports, and at the listeners in trouble.
              The live sockets are listed many times during O(sample_seconds), or for a quarter of a second if a destination holds a
              twentieth of the range, or has 20 sockets that are stuck. For each C(program) (what the process calls itself), C(owner)
              (systemd unit, container, pod) and C(user_id), C(uses) has the number of C(processes), of C(sockets) seen, of those that
              were there from the first look to the last (C(lasting)), and of those C(opened) after the first look. C(closed_by_peer) is
              how many were left open after the peer had closed. C(keepalive) of the C(idle) connections have SO_KEEPALIVE. Command
              lines and environments are not read. V(null) if there was no reason to look.
          returned: always
          type: dict
          sample:
            states: {ipv4: {established: 3, time_wait: 3, listen: 1}, ipv6: {}}
            listeners: [{family: ipv4, address: 0.0.0.0, port: 22, queue: 0, backlog: 128}]
            listeners_left_out: 0
            time_wait_listening: 0
            time_wait_outgoing: 3
            outgoing: 2
            ports_in_use:
              - device: null
                source: 192.0.2.1
                destination: 192.0.2.80
                destination_port: 443
                ports: 5
                states: {time_wait: 3, established: 2}
                begun: 1
                bind_parity: 0
            error_bound: 0
            timestamps:
              - {destination: 192.0.2.80, destination_port: 443, negotiated: 2, not_negotiated: 0}
            source_ports: [{device: null, source: 192.0.2.1, connections: 5, ports: 5, bind_parity: 0}]
            source_ports_left_out: 0
            accepted: [{port: 22, states: {established: 1}}]
            fin_wait2_orphans: 0
            udp: [{family: ipv4, address: 0.0.0.0, port: 51820, queue: null, backlog: null}]
            reuse_sample: null
            programs:
              looks: 42
              seconds: 2.01
              uses:
                - program: java
                  owner: billing.service
                  user_id: 1000
                  processes: 1
                  destination: 192.0.2.80
                  port: 443
                  sockets: 2
                  lasting: 2
                  opened: 0
                  states: {established: 2}
                  closed_by_peer: 0
                  bind_parity: 0
                  idle: 2
                  keepalive: 2
              uses_left_out: 0
              sockets: 2
              sockets_without_program: 0
        nat:
          description:
            - What connection tracking and the firewall's NAT rules do to connections. Null if nobody looked.
            - C(snat) lists how many ports of one SNAT address the connections to one destination hold, most first, and V(null) if the
              entries could not be listed. C(in_ranges) is how many of these ports are in the port range of a rule, if there are many.
              C(snat_entries) is the number of source-NATed entries. A count may be too low, by
              C(error_bound) at most. C(complete) is V(false) if a bound on entries or on time was reached.
            - C(pools) is the addresses and ports that rules give to source NAT, C(dnat) the local ports that rules send elsewhere.
              V(null) if the rules were not read. C(rules_from) is V(nft), or V(iptables-save) if there are rules of iptables, too.
            - C(kubernetes) is whether there are traces of kube-proxy or IPVS, or V(null) if that is not known.
          returned: always
          type: dict
          sample:
            snat: [{protocol: tcp, address: 198.51.100.1, destination: 192.0.2.80, destination_port: 443, ports: 12, in_ranges: []}]
            snat_entries: 12
            error_bound: 0
            complete: true
            pools: [{protocol: null, low: 198.51.100.1, high: 198.51.100.1, first_port: null, last_port: null}]
            dnat: []
            rules_from: nft
            kubernetes: false
        open_changes:
          description:
            - Changes of M(linux_tcp.hardening.tcp_profile) that are not finished. Missing if only root could see it.
            - C(phase) is V(applying), V(waiting) (for the confirmation), V(confirming), or V(damaged) if the journal cannot be understood.
            - C(this_boot) is V(false) if the host has restarted since.
          returned: when it could be seen
          type: list
          elements: dict
          sample: [{journal: etc_sysctl.d_99-tcp-hardening.conf.json, profile: client_host, phase: waiting, this_boot: true}]
        namespaces:
          description:
            - The other network namespaces that O(namespaces) asks for.
            - C(name) is what its owner calls it, C(hostname) its host name if it has one of its own. C(kind) is V(container) or V(other).
              C(runtime) is V(kubernetes) for a pod, else what made it (V(docker), V(podman), V(lxc) and so on) if that is known.
              C(processes) is how many there are in it.
            - The other fields are as above. C(sysctl) has only the keys that differ from the host's, C(counters) only those that are not 0.
          returned: if O(namespaces) asks for some
          type: list
          elements: dict
          sample:
            - name: pod shop/cart
              hostname: cart
              kind: container
              runtime: kubernetes
              processes: 3
              sysctl: {}
              ipv4_keys: null
              sockstat: {TCP: {inuse: 2}}
              counters: {Tcp: {ActiveOpens: 12}}
              sample: null
              sockets: null
              nat: null
              not_seen: []
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
from ..module_utils._facts._namespace_count import tell_others
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
            "namespaces": {"type": "list", "elements": "str", "default": ["host"]},
        },
        supports_check_mode=True,
    )
    for name, low, high in (("sample_seconds", 0, MAX_SAMPLE_SECONDS), ("top", 1, MAX_TOP)):
        if not low <= module.params[name] <= high:
            module.fail_json(msg=f"{name} must be between {low} and {high}, not {module.params[name]}")
    subset = chosen_subset(module.params["gather_subset"])
    host = HostTree()
    snapshot = gather(host, subset, module.params["sample_seconds"], module.params["top"])
    patterns = [pattern for pattern in module.params["namespaces"] if pattern != "host"]
    if patterns:
        # Only loaded where it is asked for.
        from ..module_utils._facts._other_namespaces import gather_others

        snapshot["namespaces"], not_seen = gather_others(host, patterns, snapshot, module.params["sample_seconds"])
    else:
        not_seen = tell_others(host)
    snapshot["not_seen"] += not_seen
    module.exit_json(ansible_facts={"linux_tcp": snapshot})


if __name__ == "__main__":
    main()
