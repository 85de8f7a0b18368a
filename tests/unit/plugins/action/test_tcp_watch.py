# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_watch
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_watch as documentation
from support.actions import action_for
from support.watched import grown, observed

Answer = t.Union[t.Dict[str, t.Any], Exception]


def look(answer: Answer, interpreter: str | None = None, asked: list[t.Any] | None = None, **options: t.Any) -> dict[str, t.Any]:
    """One call, with what the target answers; the result as the next task gets it.

    interpreter: what ansible-core found on the host. asked: gets the namespaces that the target is asked for.
    """

    def target(module_name: str, module_args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        assert (module_name, set(module_args)) == ("linux_tcp.hardening.tcp_watch", {"namespaces"})
        if asked is not None:
            asked.append(module_args["namespaces"])
        if isinstance(answer, Exception):
            raise answer
        return copy.deepcopy(answer)

    made = action_for(tcp_watch.ActionModule, options)
    made._execute_module = target
    if interpreter:
        made._discovered_interpreter_key, made._discovered_interpreter = "discovered_interpreter_python", interpreter
    return t.cast("dict[str, t.Any]", json.loads(json.dumps(made.run(task_vars={}))))


def answer(**changes: t.Any) -> dict[str, t.Any]:
    return {"observed": observed(**changes), "changed": False}


UNREACHABLE = AnsibleConnectionFailure("no route \x1b[2J")


def test_the_options_are_those_of_the_documentation() -> None:
    options = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    assert {
        name: {fact: option[fact] for fact in ("type", "elements", "default") if fact in option} for name, option in options.items()
    } == tcp_watch.ActionModule.ARGUMENTS


def test_what_is_returned_is_documented() -> None:
    returned = yaml.safe_load(documentation.RETURN)
    result = look(answer())
    assert set(result) == {"changed", *returned}
    for name in ("measure", "namespaces"):
        assert set(result[name]) == set(returned[name]["contains"])


def test_two_looks_make_a_rate() -> None:
    first = look(answer())
    second = look(answer(seconds=2, counted=grown(ActiveOpens=10), time_wait=7), previous=first)
    assert first["measure"]["rates"] == {}
    assert second["measure"]["rates"]["ActiveOpens"] == 5.0
    assert (second["peak"]["seen"], second["peak"]["time_wait"]) == (2, 7)
    assert (second["failure"], second["failed_looks"], second["changed"]) == ({}, 0, False)


def test_an_unreachable_host_is_reported_and_left_alone_for_a_while() -> None:
    seen = look(answer())
    result = look(UNREACHABLE, previous=seen)
    assert result["failure"] == {"unreachable": True, "msg": "no route \\x1b[2J"}
    assert "unreachable" not in result
    for skip in range(tcp_watch.LOOKS_TO_SKIP - 1, -1, -1):
        # It would answer now.
        result = look(answer(), previous=result)
        assert (result["skip_looks"], result["measure"], result["failure"]["unreachable"]) == (skip, None, True)
    back = look(answer(seconds=35, counted=grown(ActiveOpens=70)), previous=result)
    assert (back["failure"], back["failed_looks"], back["measure"]["rates"]["ActiveOpens"]) == ({}, 6, 2.0)
    assert back["last_failure"]["unreachable"]
    assert back["peak"]["seen"] == 2


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"failed": True, "msg": "boom", "module_stderr": "x\nlast \x1b[2J"}, "boom last \\x1b[2J"),
        ({"changed": False}, "the module returned nothing"),
        ({"observed": {"clock": 1.0}}, "a boot_id or top that is not valid"),
        ({"observed": "text"}, "no observation"),
        (AnsibleError("no interpreter"), "no interpreter"),
    ],
)
def test_a_host_that_fails_is_reported_and_asked_again(bad: Answer, message: str) -> None:
    seen = look(answer())
    failed = look(bad, previous=seen)
    assert failed["failure"]["failed"]
    assert message in failed["failure"]["msg"]
    assert "failed" not in failed
    assert (failed["measure"], failed["failed_looks"], failed["skip_looks"]) == (None, 1, 0)
    assert look(answer(seconds=4, counted=grown(ActiveOpens=4)), previous=failed)["measure"]["rates"]["ActiveOpens"] == 1.0


def test_a_watch_that_is_over_leaves_hosts_alone_and_forgets_nothing() -> None:
    failed = look({"failed": True, "msg": "boom"}, previous=look(answer()))
    over = look(UNREACHABLE, previous=failed, finished=True)
    assert over == {**failed, "skipped": True, "skip_reason": "The watch is over."}


def test_the_python_that_was_found_is_handed_on() -> None:
    facts = {"discovered_interpreter_python": "/usr/bin/python3"}
    assert look(answer(), interpreter="/usr/bin/python3")["ansible_facts"] == facts
    assert "ansible_facts" not in look({**answer(), "ansible_facts": {**facts, "ansible_host": "elsewhere"}})


def test_other_namespaces_are_counted_once_and_looked_at_each_time() -> None:
    asked: list[t.Any] = []
    first = look(answer(others={"not_seen": ["3 others were not looked at."]}), asked=asked)
    second = look(answer(seconds=5, others={"not_seen": []}), asked=asked, previous=first)
    look(answer(seconds=9), asked=asked, previous=second, namespaces=["shop/*"])
    assert asked == [["host"], [], ["shop/*"]]
    assert [one["namespaces"]["news"] for one in (first, second)] == [["3 others were not looked at."], []]
    assert [one["namespaces"]["seen"] for one in (first, second)] == [None, None]


def test_a_namespace_has_rates_and_none_where_the_host_was_not_seen() -> None:
    first = look(answer(namespaces={"pod shop/cart": {}}), namespaces=["all"])
    second = look(answer(seconds=2, namespaces={"pod shop/cart": {"opened": 10}}), previous=first, namespaces=["all"])
    (one,) = second["namespaces"]["measures"]
    assert (one["name"], one["measure"]["rates"]["ActiveOpens"], second["namespaces"]["seen"]) == ("pod shop/cart", 5.0, 1)
    failed = look({"failed": True, "msg": "boom"}, previous=second, namespaces=["all"])
    assert (failed["namespaces"]["measures"], failed["namespaces"]["seen"]) == ([], None)
    third = look(answer(seconds=6, namespaces={"pod shop/cart": {"opened": 30}}), previous=failed, namespaces=["all"])
    assert third["namespaces"]["measures"][0]["measure"]["rates"]["ActiveOpens"] == 5.0


def test_others_of_another_form_are_a_failed_look() -> None:
    failed = look(answer(others={"moments": [1]}), namespaces=["all"])
    assert "about other network namespaces cannot be used: moments must be a dictionary" in failed["failure"]["msg"]


@pytest.mark.parametrize("previous", [{"sample": "x"}, {"sample": {"clock": 1}}, {"sample": {}, "skip_looks": "x"}, {"peak": [1]}])
def test_a_previous_of_another_form_is_refused(previous: dict[str, t.Any]) -> None:
    result = look(answer(), previous=previous)
    assert result.get("failed") or result["measure"]["rates"] == {}
    if result.get("failed"):
        assert result["msg"].startswith("tcp_watch: previous must be the registered result of the last tcp_watch for this host: ")


def test_options_are_checked() -> None:
    with pytest.raises(AnsibleActionFail, match="finsihed"):
        look(answer(), finsihed=True)
