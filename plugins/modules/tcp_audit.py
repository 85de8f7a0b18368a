#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_audit
short_description: Check a host's TIME_WAIT, ephemeral port and TCP timestamp settings
version_added: 0.1.0
description:
  - Reads a host's facts with one run of M(linux_tcp.hardening.tcp_facts), and checks them on the controller against the rules of the
    collection.
  - Each result says what to do, and names the claims, RFCs and kernel changes behind it. C(docs/rules.md) lists all rules.
  - With O(source) it checks a file or folder on the controller and reaches no host. This can be a saved snapshot, a capture bundle, a
    sosreport, the output of C(sysctl -a), what somebody pasted from a terminal, or a repository's folder of sysctl.d files.
  - Never changes anything. Needs no root. RV(not_seen) lists what could not be read without it.
options:
  profile:
    description:
      - What the host does in the network. It decides which rules are checked and how severe they are.
      - V(client_host) opens many connections to others.
      - V(fullnat_lb) is a load balancer that faces NATed clients and opens connections to its backends.
      - V(backend) accepts connections.
      - V(any) checks every rule, with the highest of its severities. C(docs/rules.md) names the profiles for which a rule counts.
    type: str
    choices: [client_host, fullnat_lb, backend, any]
    required: true
  source:
    description:
      - A file or folder on the controller to check instead of the live host.
      - A relative path is looked up from the current folder first, then from the playbook's folder.
    type: str
  source_kind:
    description:
      - What O(source) is. V(auto) detects it from the content.
      - V(snapshot) is what M(linux_tcp.hardening.tcp_facts) returned, saved as JSON.
      - V(capture) is a bundle of the playbook C(capture_tcp.yml), taken from a host without Python.
      - V(sos) is a sosreport, as a folder or as an archive.
      - V(paste) is what people copy from a terminal, a chat or an issue, as one text or as files of any names in one folder. Answers of
        C(sysctl), C(netstat), C(nstat), C(ss), C(cat /proc/...) and C(dmesg) are read, with prompts or without. RV(not_seen) names what was
        not understood.
      - V(sysctl_a) is the output of C(sysctl -a), or a part of it. Keys missing from a part count as unknown.
      - V(sysctl_d) is a file or folder of sysctl.d syntax. It is checked as a host that has booted with it. The kernel and its counters
        are unknown then.
      - V(repository) is a folder of any files, such as a checkout, or one file that is no sysctl file. It is searched for settings in
        scripts, Ansible, NixOS, Terraform, compose files, Kubernetes manifests and others. What stands in one place of a file is judged
        together. Everything else is unknown then.
    type: str
    choices: [auto, snapshot, sos, capture, paste, sysctl_a, sysctl_d, repository]
    default: auto
  fail_on:
    description:
      - The severity from which a failed result fails the task. With V(never) the task fails only when the host could not be checked.
    type: str
    choices: [never, info, low, medium, high, critical]
    default: high
  waivers:
    description:
      - Results that are accepted until a date. A waived result does not fail the task. From the day after
        RV(results[].waiver.expires) it counts again, and the rule C(waiver-expired) fails.
      - Each is a dictionary of C(rule) (a rule id, required), C(hosts) (list of inventory host names or shell patterns,
        all hosts when left out), C(reason) (required) and C(expires) (the last day, C(YYYY-MM-DD), required).
      - A waiver with C(paths) (list of files or shell patterns) is for results in these files alone.
      - A waiver with C(namespaces) (list of names of network namespaces or shell patterns) is for these, and not for the host itself.
    type: list
    elements: dict
    default: []
  thresholds:
    description:
      - Limits that rules compare with. Set one only where its default does not fit.
    type: dict
    default: {}
    suboptions:
      buckets_small:
        description:
          - Values of C(tcp_max_tw_buckets) under this are small (C(buckets-too-small), medium). V(32768) when left out.
        type: int
      buckets_very_small:
        description:
          - Values of C(tcp_max_tw_buckets) up to this are very small (C(buckets-too-small), high). V(8192) when left out.
        type: int
      buckets_nearly_full_percent:
        description:
          - TIME_WAIT sockets in percent of the limit from which C(buckets-nearly-full) fails. V(80) when left out.
        type: int
      ports_few:
        description:
          - Usable ports under this are few (C(ports-few)). The kernel's default range has 28232. V(28232) when left out.
        type: int
      ports_pressure_medium_percent:
        description:
          - Share of the usable ports held towards one destination from which C(ports-pressure) is medium. V(50) when left out.
        type: int
      ports_pressure_high_percent:
        description:
          - Share of the usable ports held towards one destination from which C(ports-pressure) is high. V(85) when left out.
        type: int
      ports_bound_first_percent:
        description:
          - Share of the usable ports that programs bound before connect() from which C(ports-bound-first) fails. V(25) when left out.
        type: int
      ports_bound_first_sockets:
        description:
          - Such ports from which C(ports-bound-first) can fail. V(20) when left out.
        type: int
      stuck_percent:
        description:
          - Share of the usable ports that sockets in CLOSE_WAIT or FIN_WAIT2 hold from which such rules fail. V(10) when left out.
        type: int
      stuck_sockets:
        description:
          - Such sockets, or sockets in SYN_SENT, towards one destination from which these rules can fail. V(20) when left out.
        type: int
      close_wait_sockets:
        description:
          - CLOSE_WAIT sockets of one destination or port from which C(close-wait-leak) fails. V(100) when left out.
        type: int
      fin_wait2_sockets:
        description:
          - Orphaned FIN_WAIT2 sockets from which C(fin-wait2-orphans) fails if they are a tenth of the limit. V(1000) when left out.
        type: int
      conntrack_high_percent:
        description:
          - How full the table of connection tracking is, in percent, from which C(conntrack-nearly-full) is high. V(80) when left out.
        type: int
      conntrack_critical_percent:
        description:
          - How full the table of connection tracking is, in percent, from which C(conntrack-nearly-full) is critical. V(95) when left out.
        type: int
      closes_first_client_sockets:
        description:
          - Outgoing TIME_WAIT sockets from which C(closes-first-as-client) can fail. V(10) when left out.
        type: int
      closes_first_server_percent:
        description:
          - TIME_WAIT sockets on listening ports, in percent of the bucket limit, above which C(closes-first-as-server)
            fails. V(1) when left out.
        type: int
      fin_timeout_seconds:
        description:
          - Values of C(tcp_fin_timeout) under this fail C(fin-timeout-mistaken) (info). V(60) when left out.
        type: int
      fin_timeout_low_seconds:
        description:
          - Values of C(tcp_fin_timeout) up to this fail C(fin-timeout-mistaken) (medium). V(5) when left out.
        type: int
      resets_percent:
        description:
          - Closes by reset (C(TCPAbortOnData) and C(TCPAbortOnClose)) in percent of all closed connections above which C(resets-on-close)
            fails. V(10) when left out.
        type: int
      conntrack_time_wait_seconds:
        description:
          - Values of C(nf_conntrack_tcp_timeout_time_wait) under this fail C(conntrack-forgets-early). V(60) when left out.
        type: int
      counter_growth:
        description:
          - How far a counter may grow between two samples before its rule fails (C(*-seen), C(*-overflow),
            C(syn-rejected-*)). V(0) when left out.
        type: int
  sample_seconds:
    description:
      - With more than V(0) the counters are read twice, this many seconds apart, and rules check how much they grew.
      - With one sample the counters show the total since boot. The severity of such a result is lowered by one step.
    type: float
    default: 0.0
  probe_endpoints:
    description:
      - Endpoints that the host connects to, to see what they negotiate and who closes first. The advice and the rules about peers use it.
      - A list of C(host:port), or of dictionaries as the option O(linux_tcp.hardening.tcp_probe#module:endpoints) of
        M(linux_tcp.hardening.tcp_probe) takes them, which runs on the host after its facts were read. An IPv6 address is written in
        brackets, C([2001:db8::1]:443). Choose the destinations that hold most ports.
      - Needs a live host, so it cannot be used with O(source). A saved snapshot may hold
        RV(linux_tcp.hardening.tcp_probe#module:endpoints) as C(probes).
    type: raw
    default: []
  namespaces:
    description:
      - Which network namespaces of the host to audit beside the one that Ansible reaches, as for M(linux_tcp.hardening.tcp_facts).
      - Needs a live host, so it cannot be used with O(source).
    type: list
    elements: str
    default: [host]
  namespace_profiles:
    description:
      - The profile of other network namespaces, by a shell pattern of their names. The first pattern that fits counts.
      - Without one a container or pod is audited as V(client_host), and every other network namespace as V(any).
    type: dict
    default: {}
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.controller
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
seealso:
  - module: linux_tcp.hardening.tcp_facts
  - module: linux_tcp.hardening.tcp_probe
  - module: linux_tcp.hardening.tcp_report
  - module: linux_tcp.hardening.tcp_audit_assert
"""

EXAMPLES = r"""
- name: Audit a load generator, and fail on anything of high severity
  linux_tcp.hardening.tcp_audit:
    profile: client_host
    sample_seconds: 5

- name: Audit a client together with the balancer that it talks to
  linux_tcp.hardening.tcp_audit:
    profile: client_host
    probe_endpoints:
      - host: lb.example.org
        port: 80
        http: true
  register: client

- name: Show what to do first
  ansible.builtin.debug:
    msg: "{{ client.verdict.sentence }} {{ client.verdict.next_step }}"

- name: Audit a balancer, with one accepted result
  linux_tcp.hardening.tcp_audit:
    profile: fullnat_lb
    waivers:
      - rule: timestamps-on-at-l7
        hosts: [lb*.example.org]
        reason: Layer-4 balancer, it passes TCP options through
        expires: 2027-06-30

- name: Audit a node with all its pods
  linux_tcp.hardening.tcp_audit:
    profile: any
    namespaces: all
    namespace_profiles:
      "pod ingress/*": fullnat_lb

- name: Check the sysctl files of this repository in CI
  linux_tcp.hardening.tcp_audit:
    profile: backend
    source: files/sysctl.d
    source_kind: sysctl_d
    fail_on: medium
  delegate_to: localhost

- name: Check a sosreport
  linux_tcp.hardening.tcp_audit:
    profile: any
    source: sosreport-web1.tar.xz
    fail_on: never
  register: web1
"""

RETURN = r"""
host:
  description: The inventory name of the host that was looked at. With C(delegate_to) that is the host that the task was delegated to.
  returned: always
  type: str
  sample: web1
profile:
  description: The value of O(profile).
  returned: when the host could be checked
  type: str
  sample: client_host
fail_on:
  description: The severity that fails the task.
  returned: when the host could be checked
  type: str
  sample: high
hostname:
  description: The name that the host calls itself, null where the source does not have it.
  returned: when the host could be checked
  type: str
  sample: web1
kernel_release:
  description: The kernel's release, null where the source does not have it.
  returned: when the host could be checked
  type: str
  sample: 6.1.0-40-amd64
collected_at:
  description: When the facts were read, in UTC and ISO 8601. Null where the source does not say.
  returned: when the host could be checked
  type: str
  sample: "2026-11-21T12:00:00Z"
source:
  description: What was checked.
  returned: when the host could be checked
  type: dict
  contains:
    kind:
      description: V(live), or one of the choices of O(source_kind) but V(auto).
      type: str
      returned: always
    path:
      description: The file or folder on the controller, null for a live host.
      type: str
      returned: always
  sample: {kind: live, path: null}
advice:
  description:
    - Cures, best first for this host. Cures that help here come first, ordered by the severity of the problem that they solve. Then come
      cures that would do nothing or harm here. RV(not_needed) has the others.
    - C(docs/advice.md) says what each cure is, what it costs and what can go wrong. So does a report.
    - A field that has its usual value is left out.
  returned: when the host could be checked
  type: list
  elements: dict
  contains:
    id:
      description: The cure's id. It is stable.
      type: str
      returned: always
      sample: keep-alive
    applies:
      description: Whether it helps on this host now.
      type: bool
      returned: if it is V(true)
    severity:
      description: The severity of the problem that it solves.
      type: str
      returned: if it applies
    wrong:
      description: Whether it would do nothing or harm here.
      type: bool
      returned: if it is V(true)
    reason:
      description: The evidence, in figures.
      type: str
      returned: always
    gain:
      description:
        - C(from_per_second) and C(to_per_second), short connections per second towards one destination without and with the cure, and their
          C(factor), as the filter P(linux_tcp.hardening.tcp_capacity#filter) computes them. Null where it is not known. C(to_per_second)
          and C(factor) are also null where TIME_WAIT does not limit the rate any more.
      type: dict
      returned: if it is known
    how:
      description: What to do here, one step in each entry.
      type: list
      elements: str
      returned: if it differs from what the cure says for every host
not_needed:
  description: Cures that nothing on this host calls for, by id, each with the reason.
  returned: when the host could be checked
  type: dict
  sample: {wider-range: "not needed: nothing connects out"}
results:
  description:
    - What failed, what is unknown and what is waived, failed results first, the most severe first.
    - A rule gives one result for each subject. Each rule is in RV(results), RV(passed) or RV(not_applicable).
    - C(docs/rules.md) says what a rule is about, and what to do. So do RV(msg), RV(verdict) and a report.
    - A field that has its usual value is left out. It is then empty, null, or V(true) for RV(results[].decides).
  returned: when the host could be checked
  type: list
  elements: dict
  contains:
    id:
      description: The rule's id. It is stable.
      type: str
      returned: always
      sample: reuse-without-timestamps
    severity:
      description:
        - V(critical), V(high), V(medium), V(low) or V(info), for this profile and this host.
      type: str
      returned: always
    status:
      description:
        - V(fail) or V(waived).
        - V(unknown) where a fact is missing. Unknown never counts as a pass.
      type: str
      returned: always
    decides:
      description:
        - V(false) if O(profile=any) and the rule is one of some profiles only. Such a result is shown apart, for the case that the host
          is one of these. It counts neither for C(summary.worst) nor for O(fail_on).
      type: bool
      returned: if it is V(false)
    subject:
      description: What was checked - a key, a file, a destination.
      type: str
      returned: if it is known
    observed:
      description: What was found, for people.
      type: str
      returned: if it is known
    expected:
      description: What should have been found, for people.
      type: str
      returned: if the result failed
    evidence:
      description: Numbers and facts by name.
      type: dict
      returned: if there is some
    path:
      description: The boot file, or the file of a repository, that causes the result, if there is one.
      type: str
      returned: if a file causes the result
    line:
      description: The line in RV(results[].path), or null.
      type: int
      returned: if a line of a file causes the result
    settings:
      description: The settings that cause the result, where the source is a repository. Else it is empty.
      type: list
      elements: dict
      returned: if the source is a repository
      contains:
        key:
          description: The sysctl key.
          type: str
          returned: always
        value:
          description: The value as it is written.
          type: str
          returned: always
        path:
          description: The file, relative to the repository.
          type: str
          returned: always
        line:
          description: The line in the file.
          type: int
          returned: always
    reason:
      description: Why the status is V(waived) or V(unknown).
      type: str
      returned: if the status is V(unknown) or V(waived)
    waiver:
      description: The waiver's reason and expiry date, where there is one.
      type: dict
      returned: if the status is V(waived)
      contains:
        reason:
          description: Why the result was accepted.
          type: str
          returned: always
        expires:
          description: The last day on which the waiver holds.
          type: str
          returned: always
passed:
  description: What passed, by the rule's id. One text for each subject says what was observed.
  returned: when the host could be checked
  type: dict
  sample: {ports-few: ["28232 ports"]}
not_applicable:
  description: Rules that this host cannot break, or that are not checked for this profile, by id, each with the reasons.
  returned: when the host could be checked
  type: dict
  sample: {recycle-on: ["this kernel or namespace has no net.ipv4.tcp_tw_recycle"]}
summary:
  description: Counts.
  returned: when the host could be checked
  type: dict
  contains:
    status:
      description: Number of results by status.
      type: dict
      returned: always
    severity:
      description: Number of failed results that decide, by severity.
      type: dict
      returned: always
    worst:
      description: The highest severity among the failed results that decide, or null.
      type: str
      returned: always
    told_apart:
      description: Number of failed results that do not decide.
      type: int
      returned: always
verdict:
  description: What a person reads first.
  returned: when the host could be checked
  type: dict
  contains:
    sentence:
      description: What is wrong, where, since when, with the figure. Or that nothing was found.
      type: str
      returned: always
    next_step:
      description: What to do about it. Empty if there is nothing to do.
      type: str
      returned: always
    fine:
      description: What was checked and is in order, with figures, one short text each.
      type: list
      elements: str
      returned: always
    profile:
      description: Which profile the host looks like, with the figures. Empty if O(profile) was set, or if no figures speak for one.
      type: str
      returned: always
capacity:
  description: Figures for people. Null where they are not known.
  returned: when the host could be checked
  type: dict
  contains:
    time_wait:
      description: TIME_WAIT sockets.
      type: int
      returned: always
    bucket_limit:
      description: The value of C(tcp_max_tw_buckets).
      type: int
      returned: always
    usable_ports:
      description: Ports of the ephemeral range that are not reserved.
      type: int
      returned: always
    connections_per_second:
      description:
        - The highest lasting rate of short connections from one address to one destination, when this host closes first and keeps its
          settings. The destination is the busiest one, where there is one.
      type: float
      returned: always
    binds:
      description: What limits that rate, V(ports), V(buckets) or V(memory).
      type: str
      returned: always
    reuse:
      description:
        - Whether ports in TIME_WAIT are reused towards that destination. V(proven) - a counter or a connection shows it. V(no) - the
          settings do not allow it. V(unknown) - the settings allow it, but nothing shows it.
      type: str
      returned: always
    connections_per_second_with_reuse:
      description: What C(connections_per_second) would be with reuse. Only where C(reuse) is V(unknown), else null.
      type: float
      returned: always
    knee_ports:
      description: How many ports one destination may hold before each connect() costs more and more CPU time. It is half of the range.
      type: int
      returned: always
    busiest:
      description: The C(source), C(destination) and C(destination_port) that hold most local ports, and how many C(ports).
      type: dict
      returned: always
not_seen:
  description: What could not be read and why, one sentence each.
  returned: when the host could be checked
  type: list
  elements: str
namespaces:
  description:
    - The other network namespaces of the host, if O(namespaces) asks for them. A failed result there fails the task as well.
    - Each has a C(name) and the fields C(profile), C(fail_on), C(kernel_release), C(collected_at), C(source), C(advice), C(results),
      C(capacity), C(verdict) and C(not_seen) as above. C(results) has those that failed, are unknown or waived, and C(passed) is the
      number of those that passed. C(advice) has the cures that apply. Rules about boot files are for the host alone.
  returned: when the host could be checked
  type: list
  elements: dict
  sample: []
msg:
  description: Why the task failed and what to do first, in words for a person.
  returned: on failure
  type: str
  sample: >-
    web1: 1 failed result of severity high or above. high reuse-without-timestamps: tcp_tw_reuse is 1, tcp_timestamps is 0.
    What to do: Set net.ipv4.tcp_timestamps to 1.
"""
