# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_audit: observe a host with one task on it (or read a source on the controller) and check it here."""

from __future__ import annotations

import dataclasses
import datetime
import os
import typing as t

from ansible.errors import AnsibleConnectionFailure

from ..plugin_utils._action import HardeningAction, failure, host_name, reached_host
from ..plugin_utils._audit import FAIL_ON, AuditOptions, audit, reason_to_fail
from ..plugin_utils._endpoints import EndpointError, endpoints
from ..plugin_utils._escape import one_line
from ..plugin_utils._results import ANY_PROFILE, PROFILES
from ..plugin_utils._rules import Thresholds
from ..plugin_utils._saved import saved
from ..plugin_utils._sources import KINDS, SourceError, load, validate
from ..plugin_utils._target_module import ansible_keys, failure_message, run_on_target
from ..plugin_utils._waivers import parse_waivers

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars
    from ..plugin_utils._snapshot_types import Snapshot


# The network namespace that Ansible reaches, and no other one.
HOST = "host"


class _AuditError(Exception):
    """Why there is no audit. answer: what the module on the target returned, if it ran."""

    def __init__(self, message: str, answer: Result | None = None) -> None:
        super().__init__(message)
        self.answer = answer or {}


class ActionModule(HardeningAction):
    """Runs on the controller; a live host is reached by one run of tcp_facts, and one of tcp_probe where endpoints are given."""

    CHECKS_VARIABLES = True
    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "profile": {"type": "str", "required": True, "choices": [*PROFILES, ANY_PROFILE]},
        "source": {"type": "str"},
        "source_kind": {"type": "str", "choices": ["auto", *KINDS], "default": "auto"},
        "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "high"},
        "waivers": {"type": "list", "elements": "dict", "default": []},
        "thresholds": {
            "type": "dict",
            "default": {},
            "options": {field.name: {"type": "int"} for field in dataclasses.fields(Thresholds)},
        },
        "sample_seconds": {"type": "float", "default": 0.0},
        "probe_endpoints": {"type": "raw", "default": []},
        "namespaces": {"type": "list", "elements": "str", "default": [HOST]},
        "namespace_profiles": {"type": "dict", "default": {}},
    }

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns the audit (see RETURN of tcp_audit); failed and msg are set when fail_on is reached or nothing could be audited."""
        # A source is read on the controller, whatever host the task is delegated to.
        host = reached_host(self, task_vars) if arguments["source"] is None else host_name(task_vars)
        try:
            arguments["probe_endpoints"] = endpoints(arguments["probe_endpoints"])
            options = _options(arguments)
            snapshot = self._snapshot(host, arguments, task_vars)
        except EndpointError as error:
            return failure(f"{host} could not probe probe_endpoints: {error}", host=host)
        except _AuditError as error:
            return failure(str(error), **{**ansible_keys(error.answer), "changed": False, "host": host})
        except AnsibleConnectionFailure as error:
            return {"unreachable": True, "changed": False, "msg": one_line(str(error)), "host": host}
        audited = audit(snapshot, host, options)
        result: Result = {**saved(audited), "changed": False}
        why = reason_to_fail(audited)
        if why:
            result.update(failed=True, msg=one_line(why))
        return result

    def _snapshot(self, host: str, arguments: Arguments, task_vars: TaskVars) -> Snapshot:
        """What is to be audited. Raises _AuditError."""
        try:
            if arguments["source"] is None:
                return validate(self._observe(host, arguments, task_vars))
            for name in ("sample_seconds", "probe_endpoints", "namespaces"):
                if arguments[name] not in (0, [], [HOST]):
                    raise _AuditError(f"tcp_audit: {name} needs a live host; leave out {name} or source.")
            return load(self._path(arguments["source"]), arguments["source_kind"])
        except SourceError as error:
            raise _AuditError(f"{host} could not be audited: {error}") from error

    def _observe(self, host: str, arguments: Arguments, task_vars: TaskVars) -> Result:
        """The facts of the live host, with the answers of its peers where endpoints are given. Raises _AuditError."""
        facts = run_on_target(self, "tcp_facts", {name: arguments[name] for name in ("sample_seconds", "namespaces")}, task_vars)
        found = facts.get("ansible_facts", {}).get("linux_tcp")
        if facts.get("failed") or not isinstance(found, dict):
            raise _AuditError(f"{host} could not be audited: {failure_message(facts)}", facts)
        if arguments["probe_endpoints"]:
            probed = run_on_target(self, "tcp_probe", {"endpoints": arguments["probe_endpoints"]}, task_vars)
            if probed.get("failed") or "endpoints" not in probed:
                raise _AuditError(f"{host} could not probe probe_endpoints: {failure_message(probed)}", probed)
            found["probes"] = probed["endpoints"]
        return found

    def _path(self, source: str) -> str:
        """The source as given, from the current folder, or else from the playbook's folder."""
        path = os.path.expanduser(source)
        from_playbook = os.path.join(self._loader.get_basedir(), path)
        return from_playbook if not os.path.exists(path) and os.path.exists(from_playbook) else path


def _options(arguments: Arguments) -> AuditOptions:
    try:
        return AuditOptions(
            profile=arguments["profile"],
            fail_on=arguments["fail_on"],
            waivers=parse_waivers(arguments["waivers"]),
            thresholds=Thresholds.from_options({name: value for name, value in arguments["thresholds"].items() if value is not None}),
            today=datetime.date.today(),
            namespace_profiles={str(pattern): str(profile) for pattern, profile in arguments["namespace_profiles"].items()},
        )
    except ValueError as error:
        raise _AuditError(f"tcp_audit: {error}") from error
