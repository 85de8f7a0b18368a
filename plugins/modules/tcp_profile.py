#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_profile
short_description: Apply TCP settings to a host, all together or not at all, or undo them
version_added: 0.1.0
author:
  - The linux_tcp.hardening authors (!UNKNOWN)
description:
  - Sets sysctl keys of TCP to the values of a profile, in the running kernel and in a boot file. All keys take effect and are read back,
    or all are restored and the task fails.
  - Saves the values from before the profile under C(/var/lib/linux_tcp_hardening), and restores them with O(state=absent). A key that
    you remove from O(settings) is restored too.
  - If a run is killed, its journal stays there. The next run first undoes what the killed run changed.
  - A key that the collection knows and the host's kernel does not have is listed as V(absent) and is never a change.
  - Lists the lines of other boot files that would override the profile at the next boot, for C(systemd-sysctl) and C(sysctl --system).
extends_documentation_fragment:
  - linux_tcp.hardening._attributes.transaction
  - linux_tcp.hardening._attributes
options:
  name:
    description:
      - The name of the profile, in small letters, digits and underscores. A profile with another name but the same O(boot_file) takes over
        the values saved before.
    type: str
    required: true
  settings:
    description:
      - The keys of the profile with their values. Required with O(state=present), ignored otherwise.
      - Every key below C(net.) that the host has can be set, and the C(fs) keys C(fs.file-max) and C(fs.nr_open). Write a dot in the name
        of an interface as a slash, as in C(net.ipv4.conf.eth0/100.rp_filter). Wildcards are not possible.
      - What the collection knows of a key is checked before anything is changed. Of another key it only knows what the kernel says. It
        writes your text, and compares the words that it reads back.
      - A key that neither the host nor the collection knows is an error. The message names keys that are like it.
      - A key that holds a secret, such as C(net.ipv4.tcp_fastopen_key), is an error.
      - In the kernel, a write to C(net.ipv4.ip_forward), to a key of C(conf.all) or to one of C(conf.default) can change the same key of
        each interface. Those keys are written first, and the keys of interfaces in O(settings) after them. Keys of interfaces that are not
        in O(settings) are not restored.
      - A value is a string or a number, or a dictionary with C(at_least) or C(at_most) and a number. A current value within
        the bound stays. C(bytes_each) beside the bound is the memory that each unit takes. The bound is then lowered so that all units
        together take at most 1/64 of the host's memory. A key that the collection does not know can have a bound if its value is one
        whole number.
      - A key with the value V(null) is ignored.
      - A YAML boolean is an error, because it is easy to write C(on) when the kernel needs V(1).
    type: dict
  state:
    description:
      - V(present) applies the profile.
      - V(absent) undoes it, with the boot file and the lines that were commented out. A key that somebody has changed since keeps its
        value.
    type: str
    choices: [present, absent]
    default: present
  scope:
    description:
      - V(runtime) changes the running kernel only, V(boot) the boot file only.
      - V(boot) is for image builds, where C(/proc/sys) may be read-only, missing, or that of another kernel. A key that is not found is
        then written with C(-) before it, so that it may be missing at boot too. C(tcp_tw_recycle) is written only if it exists.
        O(reserve_listening_ports) is ignored.
      - With V(boot) nobody knows the kernel and the memory of the host that will boot. A bound is compared with the values in the image's
        other boot files. If they set nothing, C(at_least) is raised to the highest default of any kernel (C(tcp_max_tw_buckets) 262144).
        C(bytes_each) is ignored.
      - Keys that the collection does not know are always written with C(-) before them, because an interface or a kernel module may come
        later than the boot file. With V(boot) nothing checks their values. Only a C(net.ipv4.tcp_) or C(net.ipv4.ip_local_) name that
        looks misspelt is an error, and so is a bound, unless another boot file in the image sets the key to a whole number.
    type: str
    choices: [both, runtime, boot]
    default: both
  on_conflict:
    description:
      - What to do about lines of other boot files that would override the profile, and about lines in files of programs that set keys
        after the boot files have been applied, such as C(/etc/ufw/sysctl.conf).
      - V(report) lists them. V(fail) fails before anything is changed. V(comment_out) comments them out in files below C(/etc); lines in
        files of packages and in profiles of TuneD are only listed.
    type: str
    choices: [report, fail, comment_out]
    default: report
  reserve_listening_ports:
    description:
      - Keep the ports of services in C(net.ipv4.ip_local_reserved_ports), so that no outgoing connection uses them while their service
        restarts. Only ports inside the port range of O(settings) are kept, or inside the current range if O(settings) has none.
      - The list is what was there before the profile, and the ports of the services that listen now. If a service has stopped, the next
        run releases its port. What you add to the list or remove from it by hand stays so.
      - TCP listeners count, and UDP sockets without a peer. Listeners on loopback addresses do not count.
      - A listener is a service if its process is a unit of systemd or OpenRC, or in a container. Other processes must have run for a
        minute. Processes of a login session are no services. So start a service before this module runs.
      - A new port is only added if the module sees the same socket twice, two seconds apart. A port is only released if both looks find no
        listener. So a listener that comes and goes changes nothing.
      - More listeners than a twentieth of the range are an error. The message says who listens, and nothing is changed. TCP listeners
        count here even if they are no services.
    type: bool
    default: false
  confirm_seconds:
    description:
      - Start a guard on the host. It is a process that undoes the change after this many seconds, unless the controller confirms it.
        So a host that cannot be reached after the change comes back. V(0) starts none; at most V(3600).
      - Until then only the running kernel is changed. Boot files are written when the change is confirmed, so a restart gives the old
        state back. If they cannot be written then, everything is undone and the task fails.
      - The guard also undoes the change when it gets SIGTERM. Where systemd runs, it moves to a scope of its own, so that it outlives
        the session that made it.
      - The controller confirms by itself, over a new connection.
    type: int
    default: 0
  confirm:
    description:
      - The token of a guard, to confirm its change and do nothing else. The controller uses it; you do not need it.
    type: str
  boot_file:
    description:
      - The file that sets the keys at boot. Its name must end in C(.conf), and it must be in one of the folders C(/etc/sysctl.d),
        C(/run/sysctl.d), C(/usr/local/lib/sysctl.d), C(/usr/lib/sysctl.d) and C(/lib/sysctl.d).
      - If a file of somebody else has that name, it is replaced, and restored with O(state=absent).
    type: path
    default: /etc/sysctl.d/99-tcp-hardening.conf
  claims:
    description:
      - The claims that the settings are based on. They are written into the header of the boot file.
    type: list
    elements: str
    default: []
seealso:
  - module: linux_tcp.hardening.tcp_audit
  - module: ansible.posix.sysctl
"""

EXAMPLES = r"""
- name: Let a client host use its ports again sooner
  linux_tcp.hardening.tcp_profile:
    name: client_host
    settings:
      net.ipv4.tcp_timestamps: 1
      net.ipv4.tcp_tw_reuse: 1
      net.ipv4.ip_local_port_range: 16384 65535
      net.ipv4.tcp_max_tw_buckets: {at_least: 262144, bytes_each: 256}
      net.core.default_qdisc: fq
      net.core.rmem_max: {at_least: 4194304}
    reserve_listening_ports: true
    confirm_seconds: 60

- name: Write the boot file of an image
  linux_tcp.hardening.tcp_profile:
    name: backend
    scope: boot
    settings:
      net.ipv4.tcp_timestamps: 1

- name: Undo the profile
  linux_tcp.hardening.tcp_profile:
    name: client_host
    state: absent
"""

RETURN = r"""
settings:
  description: One entry for each key, in the order of O(settings). Keys that are restored come last.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description: The key.
      returned: always
      type: str
    wanted:
      description: The value that the profile asks for. V(null) if it asks for none.
      returned: always
      type: str
    before:
      description: The value in the kernel before. V(null) if there is no such key, or if it was not read.
      returned: always
      type: str
    after:
      description: The value in the kernel now. In check mode, the value that it would have.
      returned: always
      type: str
    boot_before:
      description: The value in the boot file before. V(null) if it had none.
      returned: always
      type: str
    boot_after:
      description: The value in the boot file now. V(null) if it has none.
      returned: always
      type: str
    status:
      description:
        - V(changed) or V(ok).
        - V(absent) if the collection knows the key, but this kernel does not have it.
        - V(left_alone) if the key was not changed; RV(settings[].reason) says why.
        - V(read_only) if the key cannot be written, V(refused) if the kernel does not accept the value, V(not_verified) if it reads back
          as another value. The task fails then.
      returned: always
      type: str
    reason:
      description: The reason for the status, as a sentence. Empty if there is nothing to explain.
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
  description: Lines of other boot files that override the profile at the next boot.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description:
        - The key. For a line that makes the kernel refuse the port range of the profile, it is C(net.ipv4.ip_unprivileged_port_start).
      returned: always
      type: str
    reader:
      description:
        - The program for which the line wins, V(systemd) (systemd-sysctl) or V(procps) (sysctl --system). Or the program that sets the key
          after these have run, such as V(ufw) or V(tuned).
      returned: always
      type: str
    path:
      description: The file with the line.
      returned: always
      type: str
    line:
      description: The number of the line. V(null) if the file hides the whole boot file.
      returned: always
      type: int
    value:
      description: The value that the line sets. V(null) if the line excludes the key.
      returned: always
      type: str
    ours:
      description: The value in the boot file of the profile.
      returned: always
      type: str
    dealt_with:
      description: Whether the line was commented out, so that it has no effect any more.
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
  description:
    - The ports of services that were added to C(net.ipv4.ip_local_reserved_ports).
    - The entry of that key in RV(settings) names the ports that were released, in RV(settings[].reason).
  returned: always
  type: list
  elements: int
  sample: [18080]
backup:
  description:
    - Where an edited boot file was kept, under a name that nothing reads at boot. V(null) if none was edited.
    - With O(state=absent) a file that holds nothing of the collection stays where it is. What stood there before the profile is then
      kept under this name.
  returned: always
  type: str
  sample: /etc/sysctl.d/99-tcp-hardening.conf.edited-1a2b3c4d.bak
guard:
  description:
    - The C(token) that confirms the change, and the C(seconds) in which it must be confirmed. V(null) without a guard.
    - C(outlives_session) is V(false) if the end of the session that made the guard may end it too. It then undoes the change at once,
      if it is ended by SIGTERM. If it is killed, the next run undoes the change.
  returned: always
  type: dict
  sample: {token: 7f3c8a5be1d2906a4b7c1e22, seconds: 60, outlives_session: true}
recovered:
  description: What an earlier run did not finish, and what was done about it. V(null) if there was nothing.
  returned: always
  type: str
  sample: "An earlier change of profile backend was not confirmed in time. It was undone: net.ipv4.tcp_rfc1337."
msg:
  description: Why the task failed, with the key and the kernel's error.
  returned: on failure
  type: str
  sample: "net.ipv4.ip_local_port_range: the high end 1024 is below the low end 65000. Nothing was changed."
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _compile_once  # noqa: F401  # pylint: disable=unused-import  # makes the imports below faster
from ..module_utils._profile._disk import Disk
from ..module_utils._profile._errors import Failed, ProfileError
from ..module_utils._profile._options import read_options
from ..module_utils._profile._transaction import run
from ..module_utils._sysctl._keys import is_secret

# Ansible hides a text wherever it stands in the answer, also in the middle of a word.
_SHORTEST_SECRET = 4


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
    # A secret is refused; nor may the answer or a log show it.
    secrets = [str(value) for key, value in (module.params["settings"] or {}).items() if is_secret(str(key))]
    module.no_log_values.update(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
    try:
        if module.params["confirm"] is not None:
            # Only loaded where it is needed, as what it brings along is long.
            from ..module_utils._profile._confirm import confirm

            result = confirm(module.params["confirm"], Disk(), module.check_mode)
        else:
            result = run(read_options(module.params), Disk(), module.check_mode)
    except ProfileError as error:
        module.fail_json(msg=str(error))
    except Failed as error:
        module.fail_json(msg=str(error), **_warned(module, error.result))
    module.exit_json(**_warned(module, result))


def _warned(module: AnsibleModule, result: dict[str, Any]) -> dict[str, Any]:
    for sentence in result.pop("warnings", ()):
        module.warn(sentence)
    return result


if __name__ == "__main__":
    main()
