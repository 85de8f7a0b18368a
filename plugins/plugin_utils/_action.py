# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What all actions of the collection have in common: they check their arguments, act, and fail the task for known errors."""

from __future__ import annotations

import abc
import copy
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

# First: it refuses an ansible-core that is too old for the rest.
from . import _core_version  # noqa: F401  # pylint: disable=unused-import  # refuses a core that is too old
from ._escape import one_line
from ._variables import misspelt

Arguments = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]
TaskVars = t.Dict[str, t.Any]

_PLAYBOOKS = os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "playbooks"))


class HardeningAction(ActionBase):
    """Base of the actions. Check mode is supported, async is not.

    ARGUMENTS: the argument spec, or None where the module on the target checks them. ERRORS: exceptions of act that fail the task
    with their message; any other one is a bug and passes. CHECKS_VARIABLES: whether misspelt variables end the task before its work.
    """

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]] | None] = None
    ERRORS: t.ClassVar[tuple[type[Exception], ...]] = ()
    CHECKS_VARIABLES: t.ClassVar[bool] = False

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    @abc.abstractmethod
    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """The work itself. arguments: checked, with their defaults; only the task's own where ARGUMENTS is None."""

    def run(self, tmp: str | None = None, task_vars: TaskVars | None = None) -> Result:
        """Called by Ansible. Returns what act returned. Raises AnsibleActionFail, which fails the task: a wrong argument, ERRORS."""
        super().run(tmp, task_vars)
        if self.CHECKS_VARIABLES:
            self._check_variables(task_vars or {})
        try:
            return self.act(self._checked_arguments(), task_vars or {})
        except self.ERRORS as error:
            raise AnsibleActionFail(f"{self._name()}: {one_line(str(error))}") from error  # type: ignore[no-untyped-call]
        except MemoryError as error:
            raise AnsibleActionFail(f"{self._name()}: the controller has not enough memory for this") from error  # type: ignore[no-untyped-call]

    def _check_variables(self, task_vars: TaskVars) -> None:
        """Raises AnsibleActionFail for names that are most likely misspelt ones of the collection's variables."""
        given = load_extra_vars(self._loader) if self._is_in_our_playbook() else ()
        sentences = misspelt(task_vars, given)
        if sentences:
            raise AnsibleActionFail(f"{' '.join(map(one_line, sentences))} Nothing was done.")  # type: ignore[no-untyped-call]

    def _is_in_our_playbook(self) -> bool:
        if not self._task._parent:
            return False
        path = str(self._task.get_play().get_path())  # type: ignore[no-untyped-call]
        return os.path.dirname(os.path.realpath(path.rpartition(":")[0])) == _PLAYBOOKS

    def _name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def _checked_arguments(self) -> Arguments:
        if self.ARGUMENTS is None:
            return dict(self._task.args)
        # The check hands out the defaults themselves and fills in suboptions there; the next task must not see that.
        _unused, arguments = self.validate_argument_spec(argument_spec=copy.deepcopy(self.ARGUMENTS))  # type: ignore[no-untyped-call]
        return t.cast("Arguments", arguments)


class ControllerAction(HardeningAction):
    """Base of the actions that reach no host: Ansible opens no connection for them.

    Where the task is to run once for all hosts, the play must keep the hosts in step; a strategy that does not is refused.
    """

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: TaskVars | None = None) -> Result:
        """As HardeningAction.run. Raises AnsibleActionFail for a strategy with which the task would run before all hosts are done."""
        if self._task.run_once and len((task_vars or {}).get("ansible_play_hosts_all", ())) > 1:
            strategy = str(self._task.get_play().strategy)  # type: ignore[no-untyped-call]
            # Those of ansible-core, and those of others that are named after them.
            if strategy.endswith(("free", "host_pinned")):
                raise AnsibleActionFail(  # type: ignore[no-untyped-call]
                    f"{self._name()}: with the strategy {one_line(strategy, 60)} this task runs for each host, before the other hosts"
                    " are done. Write 'strategy: linear' into the play"
                )
        return super().run(tmp, task_vars)


def failure(message: str, /, **more: t.Any) -> Result:
    """A failed result. message: for a person, shown on one line. more: what else the result holds."""
    return {"changed": False, **more, "failed": True, "msg": one_line(message)}


def host_name(task_vars: TaskVars) -> str:
    """The task's host as the inventory names it."""
    return str(task_vars.get("inventory_hostname", "localhost"))


def reached_host(action: ActionBase, task_vars: TaskVars) -> str:
    """The host that the task's modules run on: the one that it is delegated to, or else the task's host."""
    return str(action._task.delegate_to or host_name(task_vars))
