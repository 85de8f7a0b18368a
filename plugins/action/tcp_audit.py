# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_audit: observe a host with one task on it (or read a source on the controller) and judge it here."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import os
import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._audit import ANY_PROFILE, FAIL_ON, AuditOptions, audit, verdict
from ..plugin_utils._escape import one_line
from ..plugin_utils._results import PROFILES
from ..plugin_utils._rules import Thresholds
from ..plugin_utils._sources import KINDS, SourceError, load, validate
from ..plugin_utils._target_module import run_on_target, trouble_of
from ..plugin_utils._waivers import parse_waivers

ARGUMENTS: dict[str, dict[str, t.Any]] = {
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
    "probe_endpoints": {"type": "list", "elements": "dict", "default": []},
}


class ActionModule(ActionBase):
    """Runs on the controller; a live host is reached by one run of tcp_facts, and one of tcp_probe where endpoints are given."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Returns the audit (see RETURN of tcp_audit); failed and msg are set when fail_on is reached or nothing could be judged."""
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        host = str(task_vars.get("inventory_hostname", "localhost"))
        # The check fills in what suboptions leave out, in the defaults themselves.
        _result, arguments = self.validate_argument_spec(argument_spec=copy.deepcopy(ARGUMENTS))  # type: ignore[no-untyped-call]
        refusal: dict[str, t.Any] = {"changed": False, "failed": True, "host": host}
        try:
            options = AuditOptions(
                profile=arguments["profile"],
                fail_on=arguments["fail_on"],
                waivers=parse_waivers(arguments["waivers"]),
                thresholds=Thresholds.from_options({name: value for name, value in arguments["thresholds"].items() if value is not None}),
                today=datetime.date.today(),
            )
        except ValueError as error:
            return {**refusal, "msg": one_line(f"tcp_audit: {error}")}
        try:
            if arguments["source"] is not None:
                for name in ("sample_seconds", "probe_endpoints"):
                    if arguments[name]:
                        return {**refusal, "msg": f"tcp_audit: {name} needs a live host, so it cannot go with source"}
                snapshot = load(self._path(arguments["source"]), arguments["source_kind"])
            else:
                observed = run_on_target(self, "tcp_facts", {"sample_seconds": arguments["sample_seconds"]}, task_vars)
                if observed.get("failed") or not isinstance(observed.get("ansible_facts", {}).get("linux_tcp"), dict):
                    return {**observed, **refusal, "msg": one_line(f"{host} could not be audited: {trouble_of(observed)}")}
                found = observed["ansible_facts"]["linux_tcp"]
                if arguments["probe_endpoints"]:
                    probed = run_on_target(self, "tcp_probe", {"endpoints": arguments["probe_endpoints"]}, task_vars)
                    if probed.get("failed") or not isinstance(probed.get("endpoints"), list):
                        return {**probed, **refusal, "msg": one_line(f"{host} could not probe probe_endpoints: {trouble_of(probed)}")}
                    found["probes"] = probed["endpoints"]
                snapshot = validate(found)
        except SourceError as error:
            return {**refusal, "msg": one_line(f"{host} could not be audited: {error}")}
        judged = audit(snapshot, host, options)
        result: dict[str, t.Any] = {**judged, "changed": False}
        why = verdict(judged)
        if why:
            result.update(failed=True, msg=one_line(why))
        return result

    def _path(self, source: str) -> str:
        """The source as given, from the current folder, or else from the playbook's folder."""
        path = os.path.expanduser(source)
        from_playbook = os.path.join(self._loader.get_basedir(), path)
        return from_playbook if not os.path.exists(path) and os.path.exists(from_playbook) else path
