# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local connection, which is lost at a run of tcp_profile: for hosts that go away in the middle of a change."""

from __future__ import annotations

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: lost
short_description: The local connection, lost at a run of tcp_profile
description: It runs commands as the local connection does.
options:
  lost_at:
    description: The run of tcp_profile whose answer is lost, although it does its work. 0 loses every run before it begins.
    type: int
    default: 1
    vars:
      - name: lost_at
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(LocalConnection):
    """Commands of one task go through one of these."""

    transport = "lost"
    runs = 0

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        if "AnsiballZ_tcp_profile.py" not in cmd or "chmod" in cmd:
            return super().exec_command(cmd, in_data, sudoable)
        self.runs += 1
        lost_at: int = self.get_option("lost_at")  # type: ignore[no-untyped-call]
        if self.runs > lost_at:
            raise AnsibleConnectionFailure("No route to host.")
        done = super().exec_command(cmd, in_data, sudoable)
        if self.runs == lost_at:
            raise AnsibleConnectionFailure("Shared connection closed.")
        return done
