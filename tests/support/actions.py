# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions made as Ansible makes them for a task, for tests that call them without a play."""

from __future__ import annotations

import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar


def action_for(action: type[ActionBase], arguments: dict[str, t.Any], connection: str = "local", **task: t.Any) -> t.Any:
    """The action of a task with these arguments. task: attributes of the task, such as check_mode or async_val."""
    name = action.__module__.rpartition(".")[2]
    made = Task()
    made.action, made.args = f"linux_tcp.hardening.{name}", arguments
    for attribute, value in task.items():
        setattr(made, attribute, value)
    loader = DataLoader()  # type: ignore[no-untyped-call]
    context = PlayContext()  # type: ignore[no-untyped-call]
    plugin = connection_loader.get(connection, context)  # type: ignore[no-untyped-call]
    # Actions that reach no host must not open this.
    plugin._shell.tmpdir = "unused"
    ready: t.Any = action(made, plugin, context, loader, Templar(loader), None)
    ready._load_name = name
    return ready
