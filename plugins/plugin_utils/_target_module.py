# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Runs one of the collection's modules on the target, for an action, and takes from its answer what the module documents.

The host makes the answer. What is not named here does not get into a result: neither facts that overrule variables of the play, nor
keys by which the reports tell an audit.
"""

from __future__ import annotations

import gc
import typing as t
from collections.abc import Mapping

from ._results import ProfileChange
from ._shapes import ShapeError, check, must_be
from ._target_python import too_old

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

Answer = t.Dict[str, t.Any]

RETURNED: dict[str, tuple[str, ...]] = {
    "tcp_facts": ("ansible_facts",),
    "tcp_probe": ("endpoints",),
    "tcp_profile": ("settings", "boot_file", "backup", "conflicts", "reserved_ports", "guard", "recovered"),
    "tcp_watch": ("observed",),
}
"""What each module returns, beside ANSIBLE_KEYS."""

_FLAGS = ("changed", "failed", "unreachable")
_TEXTS = ("msg", "module_stderr", "module_stdout")
_LISTS = ("warnings", "deprecations")
# Newer versions of ansible-core make objects of some of these.
_OPAQUE = ("exception", "invocation")
ANSIBLE_KEYS = (*_FLAGS, *_TEXTS, *_LISTS, *_OPAQUE, "diff", "rc")
"""Keys of Ansible's own that an answer may hold."""


class _Differences(t.TypedDict):
    """What Ansible shows with --diff."""

    diff: list[dict[str, str]]


def run_on_target(action: ActionBase, module: str, arguments: t.Mapping[str, object], task_vars: dict[str, t.Any] | None) -> Answer:
    """Return what linux_tcp.hardening.<module> returned, as taken() takes it. Raises AnsibleError as ActionBase._execute_module does.

    Where the target's Python is too old, only a failure with one sentence about that is returned.

    The cyclic garbage collector is off meanwhile. The first run of a module in a play parses every file that the module needs, and
    the collector would walk the controller's whole heap again and again: 150 to 210 ms of CPU instead of 100 (measured with tcp_facts,
    ansible-core 2.19). Freezing what there is saves the one walk that would follow, 14 ms. Nothing is lost: this process is a fork
    that ends with the task.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        result = action._execute_module(module_name=f"linux_tcp.hardening.{module}", module_args=dict(arguments), task_vars=task_vars)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
    return taken(module, too_old(action, result) or result)


def taken(module: str, answer: object) -> Answer:
    """An answer, field by field: ANSIBLE_KEYS, and what the module returns. A failure where a field has another form than documented.

    What tcp_facts, tcp_probe and tcp_watch observed is checked where it is used.
    """
    if not isinstance(answer, Mapping):
        return _unexpected({}, must_be("a dictionary", answer))
    result = _of_ansible(answer)
    fields = {name: answer[name] for name in RETURNED[module] if name in answer}
    try:
        result.update(_checked(module, fields))
        if "diff" in answer:
            result.update(check(_Differences, {"diff": _listed(answer["diff"])}))
    except ShapeError as error:
        return _unexpected(result, error)
    return result


def ansible_keys(answer: Answer) -> Answer:
    """What an answer says about itself, without what the module observed."""
    return {name: value for name, value in answer.items() if name in ANSIBLE_KEYS}


def _of_ansible(answer: Mapping[str, t.Any]) -> Answer:
    result: Answer = {name: bool(answer[name]) for name in _FLAGS if name in answer}
    result.update((name, answer[name]) for name in _TEXTS if isinstance(answer.get(name), str))
    if "msg" in answer and "msg" not in result:
        result["msg"] = repr(answer["msg"])[:4000]
    result.update((name, list(answer[name])) for name in _LISTS if isinstance(answer.get(name), (list, tuple)))
    result.update((name, answer[name]) for name in _OPAQUE if answer.get(name) is not None)
    if isinstance(answer.get("rc"), int):
        result["rc"] = answer["rc"]
    return result


def _checked(module: str, fields: Answer) -> Answer:
    if module == "tcp_profile":
        change = check(ProfileChange, {"changed": None, **fields})
        return {name: value for name, value in change.items() if name in fields}
    if module == "tcp_facts" and fields:
        if not isinstance(fields["ansible_facts"], Mapping):
            raise must_be("a dictionary", fields["ansible_facts"]).inside("ansible_facts")
        # The only fact of the collection; another name could overrule a variable of the play.
        return {"ansible_facts": {name: value for name, value in fields["ansible_facts"].items() if name == "linux_tcp"}}
    if module == "tcp_probe" and fields and not isinstance(fields["endpoints"], list):
        raise must_be("a list", fields["endpoints"]).inside("endpoints")
    return fields


def _listed(value: object) -> object:
    return [value] if isinstance(value, Mapping) else value


def _unexpected(result: Answer, error: ShapeError) -> Answer:
    said = f" The module says: {result['msg']}" if result.get("msg") else ""
    return {**result, "failed": True, "msg": f"The answer of the host has an unexpected form: {error}.{said}"}


def with_interpreter(action: ActionBase, result: Answer) -> Answer:
    """The result with the fact which Python ansible-core has found on the host: it would else look for it in every task."""
    key = getattr(action, "_discovered_interpreter_key", None)
    if key:
        result["ansible_facts"] = {**result.get("ansible_facts", {}), key: action._discovered_interpreter}
    return result


def failure_message(answer: Mapping[str, t.Any]) -> str:
    """Why a module failed, from what it returned: its msg, and the last line of a traceback or of what else it printed."""
    message = str(answer.get("msg") or "the module returned nothing")
    details = [str(answer[name]).strip() for name in ("module_stderr", "module_stdout") if answer.get(name)]
    return f"{message.strip()} {details[0].splitlines()[-1]}" if details else message.strip()
