#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_profile
short_description: Apply TCP settings to a host in one transaction, or take them back
version_added: 0.1.0
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
description:
  - Brings sysctl keys of TCP to the values of a profile, in the running kernel and in a boot file. Either all keys take effect and
    are read back, or everything is put back and the task fails.
  - Remembers under C(/var/lib/linux_tcp_hardening) what was there before the profile, and puts it back with O(state=absent). A key
    that is taken out of O(settings) goes back to what it was in the same way.
  - A run that is killed leaves a journal there. The next run undoes what was half done before it does anything else.
  - Keys that the host's kernel does not have are listed as V(absent) and never count as a change.
  - Tells which lines of other boot files would override the profile at the next boot, for C(systemd-sysctl) and C(sysctl --system).
extends_documentation_fragment:
  - linux_tcp.hardening._attributes.transaction
  - linux_tcp.hardening._attributes
options:
  name:
    description:
      - Name of the profile, of small letters, digits and underscores. A profile of another name takes over what is remembered for
        the same O(boot_file).
    type: str
    required: true
  settings:
    description:
      - The keys of the profile with their values. Needed with O(state=present), not looked at otherwise.
      - A value is a string or a number. It may also be a dictionary with C(at_least) or C(at_most) and a number, which keeps a value
        that is within the bound. C(bytes_each) beside it is the memory that each unit takes; the bound is then lowered until all of
        it takes no more than 1/64 of the host's memory.
      - The value V(null) leaves a key alone, as if it was not there.
      - YAML booleans are refused, since it is easy to write C(on) where the kernel wants V(1).
    type: dict
  state:
    description:
      - V(present) applies the profile.
      - V(absent) puts back what was there before it, the boot file and lines that were commented out included. A key that somebody has
        changed since is left as it is.
    type: str
    choices: [present, absent]
    default: present
  scope:
    description:
      - V(runtime) concerns the running kernel only, V(boot) the boot file only.
      - V(boot) is for image builds, where C(/proc/sys) may be read-only, another kernel's, or missing. Keys that are not found are
        then written with C(-) before them, so that they may be missing at boot too; C(tcp_tw_recycle) is only written where it exists.
        O(reserve_listening_ports) is not looked at.
      - With V(boot) nobody knows the kernel and the memory of the host that will boot. A bound is then kept against what the image's
        other boot files set, and where they set nothing, C(at_least) becomes no less than what a kernel may start with by itself
        (C(tcp_max_tw_buckets) 262144). C(bytes_each) is not looked at.
    type: str
    choices: [both, runtime, boot]
    default: both
  on_conflict:
    description:
      - What to do about lines of other boot files that would override the profile.
      - V(report) lists them. V(fail) fails before anything is changed. V(comment_out) turns them into comments in files below C(/etc);
        files that belong to packages are only listed.
    type: str
    choices: [report, fail, comment_out]
    default: report
  reserve_listening_ports:
    description:
      - Add the ports of TCP listeners inside the range of O(settings), or else the current one, to C(net.ipv4.ip_local_reserved_ports),
        so that no outgoing connection takes them while their service restarts. Ports that are reserved already stay so.
    type: bool
    default: false
  confirm_seconds:
    description:
      - Leave a process on the host that undoes the change after this many seconds unless it is confirmed, so that a host that cannot be
        reached any more comes back. V(0) leaves none; at most V(3600).
      - The controller confirms by itself, over a new connection.
    type: int
    default: 0
  confirm:
    description:
      - The token of a guard, to confirm its change. Nothing else is done then. Used by the controller.
    type: str
  boot_file:
    description:
      - The file that sets the keys at boot. Must be a name ending in C(.conf) in one of the folders C(/etc/sysctl.d),
        C(/run/sysctl.d), C(/usr/local/lib/sysctl.d), C(/usr/lib/sysctl.d) and C(/lib/sysctl.d).
      - A file that stands there and is not the collection's is replaced, and put back with O(state=absent).
    type: path
    default: /etc/sysctl.d/99-tcp-hardening.conf
  claims:
    description:
      - What the settings rest on, for the header of the boot file.
    type: list
    elements: str
    default: []
seealso:
  - module: linux_tcp.hardening.tcp_audit
  - module: ansible.posix.sysctl
"""

EXAMPLES = r"""
- name: Let a client host use its ports again
  linux_tcp.hardening.tcp_profile:
    name: client_host
    settings:
      net.ipv4.tcp_timestamps: 1
      net.ipv4.tcp_tw_reuse: 1
      net.ipv4.ip_local_port_range: 16384 65535
      net.ipv4.tcp_max_tw_buckets: {at_least: 262144, bytes_each: 256}
    reserve_listening_ports: true
    confirm_seconds: 60

- name: Write the boot file of an image
  linux_tcp.hardening.tcp_profile:
    name: backend
    scope: boot
    settings:
      net.ipv4.tcp_timestamps: 1

- name: Take the profile back
  linux_tcp.hardening.tcp_profile:
    name: client_host
    state: absent
"""

RETURN = r"""
settings:
  description: One entry for each key, in the order of O(settings); keys that go back to what they were come last.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description: The key.
      returned: always
      type: str
    wanted:
      description: The value that it is to have, or V(null) where none is asked for.
      returned: always
      type: str
    before:
      description: The text that the kernel gave before, or V(null) where there is no such key or it was not read.
      returned: always
      type: str
    after:
      description: The text that the kernel gives now, or would give where this is check mode.
      returned: always
      type: str
    boot_before:
      description: What the boot file set before, or V(null).
      returned: always
      type: str
    boot_after:
      description: What the boot file sets now, or V(null).
      returned: always
      type: str
    status:
      description:
        - V(changed) or V(ok).
        - V(absent) where this kernel does not have the key.
        - V(left_alone) where the key is as it was, for the reason that RV(settings[].reason) tells.
        - V(read_only) where it cannot be written, V(refused) where the kernel does not take the value, V(not_verified) where it reads
          back as something else. The task fails then.
      returned: always
      type: str
    reason:
      description: Why, in words for a person. Empty where nothing is special.
      returned: always
      type: str
  sample:
    - key: net.ipv4.tcp_tw_reuse
      wanted: "1"
      before: "2"
      after: "1"
      boot_before: null
      boot_after: "1"
      status: changed
      reason: ""
boot_file:
  description: The C(path) of the boot file, and whether it was C(changed).
  returned: always
  type: dict
  sample: {path: /etc/sysctl.d/99-tcp-hardening.conf, changed: true}
conflicts:
  description: Lines of other boot files that take the place of those of the profile.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description: The key.
      returned: always
      type: str
    reader:
      description: Who reads it so, V(systemd) (systemd-sysctl) or V(procps) (sysctl --system).
      returned: always
      type: str
    path:
      description: The file with the line.
      returned: always
      type: str
    line:
      description: Number of the line. V(null) where the file hides the whole boot file.
      returned: always
      type: int
    value:
      description: What the line sets. V(null) where it takes the key out.
      returned: always
      type: str
    ours:
      description: What the boot file of the profile sets.
      returned: always
      type: str
    dealt_with:
      description: Whether the line was commented out, so that it counts no more.
      returned: always
      type: bool
  sample:
    - key: net.ipv4.tcp_tw_reuse
      reader: procps
      path: /etc/sysctl.conf
      line: 12
      value: "0"
      ours: "1"
      dealt_with: false
reserved_ports:
  description: Ports that were added to C(net.ipv4.ip_local_reserved_ports) for their listeners.
  returned: always
  type: list
  elements: int
  sample: [18080]
guard:
  description: The C(token) that confirms the change and the C(seconds) that are left for it, or V(null) where nothing waits.
  returned: always
  type: dict
  sample: {token: 7f3c8a5be1d2906a4b7c1e22, seconds: 60}
recovered:
  description: What an earlier run had left half done, and what was done about it. V(null) where there was nothing.
  returned: always
  type: str
  sample: "A change of profile backend had not been confirmed in time. It was undone: net.ipv4.tcp_rfc1337."
msg:
  description: Why the task failed, with the key and what the kernel said.
  returned: on failure
  type: str
  sample: "net.ipv4.ip_local_port_range: the high end 1024 is under the low end 65000. Nothing was changed."
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _compile_once  # noqa: F401  # pylint: disable=unused-import  # makes the imports below faster
from ..module_utils._profile._disk import Disk
from ..module_utils._profile._errors import ProfileError
from ..module_utils._profile._options import read_options
from ..module_utils._profile._transaction import Failed, confirm, run


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core is not typed
        argument_spec={
            "name": {"type": "str", "required": True},
            "settings": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "scope": {"type": "str", "choices": ["both", "runtime", "boot"], "default": "both"},
            "on_conflict": {"type": "str", "choices": ["report", "fail", "comment_out"], "default": "report"},
            "reserve_listening_ports": {"type": "bool", "default": False},
            "confirm_seconds": {"type": "int", "default": 0},
            "confirm": {"type": "str"},
            "boot_file": {"type": "path", "default": "/etc/sysctl.d/99-tcp-hardening.conf"},
            "claims": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        if module.params["confirm"] is not None:
            result = confirm(module.params["confirm"], Disk(), module.check_mode)
        else:
            result = run(read_options(module.params), Disk(), module.check_mode)
    except ProfileError as error:
        module.fail_json(msg=str(error))
    except Failed as error:
        module.fail_json(msg=str(error), **error.result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
