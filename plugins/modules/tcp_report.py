#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_report
short_description: Write reports about the audits of many hosts
version_added: 0.1.0
description:
  - Writes what M(linux_tcp.hardening.tcp_audit) found on many hosts to files on the controller, and can show a summary in the terminal.
  - A host that could not be audited is named in every report. It never counts as clean.
  - The same audits always give the same files, byte for byte. A file that would not change is not touched. When one file cannot be
    written, all earlier reports stay as they were.
  - Text from a host is always shown as plain text. Control characters and other invisible ones are written as escapes such as
    C(\x1b). Very long texts are cut, except in the C(json) report.
  - Reaches no host. Use it with C(run_once).
options:
  audits:
    description:
      - The registered results of M(linux_tcp.hardening.tcp_audit). Either a dictionary with the host's name as the key, or a list
        whose entries have the name as C(host). A dictionary's entry is shown under its own C(host), if it has one, because that is
        the host that was looked at if the task was delegated.
      - An entry without C(results) is a host that could not be audited, such as an unreachable one. Its C(msg) says why.
      - The list C(audits) of an earlier C(json) report can be used, too.
      - Required unless O(merge) is given.
    type: raw
  merge:
    description:
      - C(json) reports of other runs, such as those of job slices, of shards, or of hosts that run C(ansible-pull). Each entry is a file, a
        folder that is searched for C(*.json), or a shell pattern, in which V(**) stands for any folders.
      - A file may also hold what M(linux_tcp.hardening.tcp_audit) returned for one host.
      - Of a host that is there several times, O(audits) included, the newest audit counts, and its part in the report says so. A host that
        is called V(localhost) has the name that it calls itself.
      - A file that cannot be read is named in every report, as something that was not audited. It costs no other file its hosts.
    type: list
    elements: str
    default: []
  compare:
    description:
      - C(json) reports of an earlier run, as in O(merge). Every report then says what is new, what is cured, and what stays as it was.
    type: list
    elements: str
    default: []
  dest:
    description:
      - The folder on the controller for the files. A relative path starts at the current folder.
      - It is created with mode V(0755) when it is missing. Files get mode V(0644), or keep the mode that they have.
      - Without it no file is written.
    type: path
  formats:
    description:
      - Which files to write. All formats are written when this is left out.
      - V(json) has the audits for other programs, a line for each host. C(docs/schema) describes it.
      - V(junit) is for CI systems. Each host is a test suite and each rule a test case. Unknown, waived and not applicable results are
        skipped, with the reason. A host that could not be audited is an error. Of more than 200 hosts only the failed cases are written,
        and a suite C(summary) counts the others by rule.
      - V(sarif) is SARIF 2.1.0 for code scanning. It has what failed, and what is waived as suppressed. Each result stands in a file, that
        is a boot file, the source that was audited, or the line of the inventory that names the host. Results without a file are left out
        and counted, and so are those beyond 25,000, the most severe ones first.
      - V(html) is one page for people. It loads nothing else. Of more than 200 hosts it needs JavaScript to show the part of a host.
      - V(markdown) is short enough for a comment on a pull request.
      - V(prometheus) is a file for the textfile collector of node_exporter. It says how many hosts failed, how many were not audited, and
        which rules failed. Up to 1000 hosts have metrics of their own.
    type: list
    elements: str
    choices: [json, junit, sarif, html, markdown, prometheus]
  basename:
    description:
      - The name of every file, without its ending.
    type: str
    default: tcp-audit
  title:
    description:
      - The heading of the reports.
    type: str
    default: TCP audit
  show:
    description:
      - Show RV(summary) in the terminal, as text.
    type: bool
    default: false
  fail_on:
    description:
      - Fail once the reports are written if a result has this severity or a higher one, or if a host was not audited.
      - With V(never) the task does not fail for what the audits found.
    type: str
    choices: [never, info, low, medium, high, critical]
    default: never
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
  - linux_tcp.hardening._attributes.controller
attributes:
  check_mode:
    description: Can run in C(check_mode), where it writes nothing and says which files would change.
    support: full
    details:
      - Nothing on any host is changed in either mode.
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
seealso:
  - module: linux_tcp.hardening.tcp_audit
  - module: linux_tcp.hardening.tcp_audit_assert
"""

EXAMPLES = r"""
- name: Audit all hosts and write one set of reports
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

    - name: Write reports, and show the summary
      linux_tcp.hardening.tcp_report:
        audits: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'tcp'))) }}"
        dest: reports
        show: true
      run_once: true
      delegate_to: localhost

- name: Other uses
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write only what the CI system reads
      linux_tcp.hardening.tcp_report:
        audits:
          - "{{ tcp }}"
        dest: "{{ playbook_dir }}/artifacts"
        formats: [junit, sarif]
        basename: tcp
      delegate_to: localhost

    - name: Put the reports of all job slices together, and compare them with yesterday's
      linux_tcp.hardening.tcp_report:
        merge: [slices/*.json]
        compare: [yesterday/tcp-audit.json]
        dest: reports
      delegate_to: localhost

    - name: Make the page again from an earlier report
      linux_tcp.hardening.tcp_report:
        audits: "{{ (lookup('ansible.builtin.file', 'reports/tcp-audit.json') | from_json).audits }}"
        dest: reports
        formats: [html]
      delegate_to: localhost
"""

RETURN = r"""
comparison:
  description: How many pairs of a rule and a host are C(new), C(cured), C(stays) and C(not_known). Null without O(compare).
  returned: success
  type: dict
  sample: {new: 3, cured: 12, stays: 40, not_known: 0}
files:
  description: The report files, in the order of O(formats).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where the file is.
      type: str
      returned: always
    format:
      description: The format, one of O(formats).
      type: str
      returned: always
    changed:
      description: Whether its content changed, or would change in check mode.
      type: bool
      returned: always
  sample:
    - path: /srv/ci/reports/tcp-audit.html
      format: html
      changed: true
hosts:
  description: The number of hosts with each outcome. Every host is in one of them.
  returned: success
  type: dict
  contains:
    failed:
      description: Audited, with at least one failed result.
      type: int
      returned: always
    not_audited:
      description: Could not be audited.
      type: int
      returned: always
    unknown:
      description: Audited, but all results are unknown or not applicable.
      type: int
      returned: always
    clean:
      description: Audited, without failed results. Some results may be unknown.
      type: int
      returned: always
  sample: {failed: 2, not_audited: 1, unknown: 0, clean: 9}
summary:
  description:
    - What O(show) shows, as plain text - the hosts with their worst results, the failed results with what to do, and what could
      not be read.
  returned: success
  type: str
"""
