# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys get which value: bounds, order, ports, and keys that go back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _listeners
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._observe import BootTree, Observed
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import Options, read_options
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._plan_keys import plan_keys
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._reserved_ports import Listening, Question, ask
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import KeyStep, Original, Record
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of
from support.transactions import BOOT_FILE, BUCKETS, RANGE, RESERVED, REUSE, TIMESTAMPS, UNPRIVILEGED, Host, lines, only, status

RMEM = "net.core.rmem_max"
QDISC = "net.core.default_qdisc"


def test_a_key_taken_out_goes_back_in_the_same_run(host: Host) -> None:
    host.call(settings={TIMESTAMPS: 0, REUSE: 1})
    result = host.call(settings={REUSE: 1}, name="other")
    assert only(result, TIMESTAMPS)["status"] == "changed"
    assert host.get(TIMESTAMPS) == "1"
    assert lines(host) == [REUSE + " = 1"]
    host.call(settings={REUSE: 1, TIMESTAMPS: 0})
    result = host.call(settings={REUSE: 1, TIMESTAMPS: None})
    assert only(result, TIMESTAMPS)["status"] == "changed"
    assert host.get(TIMESTAMPS) == "1"


def test_null_leaves_a_key_alone(host: Host) -> None:
    result = host.call(settings={REUSE: None, TIMESTAMPS: 0})
    assert only(result, REUSE)["status"] == "left_alone"
    assert host.get(REUSE) == "2"


def test_what_somebody_changed_since_is_left(host: Host) -> None:
    host.call(settings={TIMESTAMPS: 0, REUSE: 1})
    host.set(REUSE, "0")
    result = host.call(state="absent")
    assert status(result) == {TIMESTAMPS: "changed", REUSE: "left_alone"}
    assert "somebody has changed it to 0" in only(result, REUSE)["reason"]
    assert (host.get(TIMESTAMPS), host.get(REUSE)) == ("1", "0")
    assert not host.call(state="absent")["changed"]


@pytest.mark.parametrize(
    ("setting", "live", "wanted"),
    [
        ({"at_least": 200000}, "131072", "200000"),
        ({"at_least": 200000}, "262144", "262144"),
        ({"at_most": 200000}, "131072", "131072"),
        ({"at_most": 1000}, "131072", "1000"),
        ({"at_least": "200000", "bytes_each": 256}, "131072", "200000"),
        # 1/64 of 8000000 kB are 128000000 bytes.
        ({"at_least": 200000, "bytes_each": 1000}, "1000", "128000"),
        ({"at_least": 200000, "bytes_each": 1000}, "131072", "131072"),
    ],
)
def test_bounds(host: Host, setting: object, live: str, wanted: str) -> None:
    host.set(BUCKETS, live)
    assert only(host.call(settings={BUCKETS: setting}), BUCKETS)["wanted"] == wanted
    assert host.get(BUCKETS) == wanted
    assert lines(host) == [f"{BUCKETS} = {wanted}"]


def test_a_bound_keeps_what_an_admin_raises_later_and_does_not_take_it_back(host: Host) -> None:
    host.call(settings={BUCKETS: {"at_least": 200000}})
    host.set(BUCKETS, "300000")
    assert host.call(settings={BUCKETS: {"at_least": 200000}})["changed"]
    assert lines(host) == [BUCKETS + " = 300000"]
    assert status(host.call(state="absent")) == {BUCKETS: "left_alone"}
    assert host.get(BUCKETS) == "300000"


@pytest.mark.parametrize(
    ("live", "settings", "order"),
    [
        ({}, {RANGE: "800 65000", UNPRIVILEGED: 700}, [UNPRIVILEGED, RANGE]),
        ({RANGE: "800\t65000", UNPRIVILEGED: "700"}, {UNPRIVILEGED: 2000, RANGE: "3000 4000"}, [RANGE, UNPRIVILEGED]),
        ({}, {RANGE: "20000 65000", RESERVED: "21000"}, [RESERVED, RANGE]),
        ({RESERVED: "21000"}, {RESERVED: "", RANGE: "40000 50000"}, [RANGE, RESERVED]),
    ],
)
def test_writes_come_in_an_order_that_the_kernel_takes(
    host: Host, live: dict[str, str], settings: dict[str, object], order: list[str]
) -> None:
    for key, raw in live.items():
        host.set(key, raw)
    steps = host.steps(settings=settings)
    assert [what[6:] for what in steps if what.startswith("write ")] == order


class Listeners:
    """Stands in for the kernel and the processes: the services of now, and what was asked."""

    def __init__(self) -> None:
        self.services: set[int] = set()
        self.crowd = ""

    def look(self, question: Question) -> Listening:
        return Listening(frozenset(port for port in self.services if question.low <= port <= question.high), self.crowd, True)


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> Listeners:
    made = Listeners()
    monkeypatch.setattr(_listeners, "look", made.look)
    return made


def reserving(host: Host, **options: t.Any) -> dict[str, t.Any]:
    return host.call(**{"settings": {REUSE: 1}, "reserve_listening_ports": True, **options})


def test_the_ports_of_services_are_reserved_beside_what_is_there(host: Host, listeners: Listeners) -> None:
    host.set(RESERVED, "9000")
    listeners.services = {80, 40000, 40001}
    first = reserving(host)
    assert (first["reserved_ports"], only(first, RESERVED)["status"], host.get(RESERVED)) == ([40000, 40001], "changed", "9000,40000-40001")
    assert f"{RESERVED} = 9000,40000-40001" in lines(host)
    again = reserving(host)
    assert (again["changed"], again["reserved_ports"]) == (False, [])
    host.call(state="absent")
    assert host.get(RESERVED) == "9000"


def test_a_port_that_nobody_uses_is_released_and_no_list_ever_grows(host: Host, listeners: Listeners) -> None:
    host.set(RESERVED, "9000")
    for port in range(40000, 40010):
        listeners.services = {port, 50000}
        result = reserving(host)
        assert (result["reserved_ports"][0], host.get(RESERVED)) == (port, f"9000,{port},50000")
    assert only(result, RESERVED)["reason"] == "released, as no service listens there now: 40008"
    listeners.services = set()
    assert (reserving(host)["changed"], host.get(RESERVED)) == (True, "9000")
    assert not reserving(host)["changed"]


@pytest.mark.parametrize("settings", [{REUSE: 1}, {RESERVED: None}])
def test_what_an_admin_reserves_or_frees_later_stays_so(host: Host, listeners: Listeners, settings: dict[str, object]) -> None:
    host.set(RESERVED, "9000,9001")
    listeners.services = {40000}
    reserving(host, settings=settings)
    host.set(RESERVED, "9001,9100,40000")
    listeners.services = {41000}
    reserving(host, settings=settings)
    assert host.get(RESERVED) == "9001,9100,41000"
    host.call(state="absent")
    assert host.get(RESERVED) == "9001,9100"


def test_ports_of_the_settings_and_of_services_stand_together(host: Host, listeners: Listeners) -> None:
    listeners.services = {40000}
    for services, settings, raw in (
        ({40000}, {RESERVED: "8080"}, "8080,40000"),
        ({41000}, {RESERVED: "8080"}, "8080,41000"),
        ({41000}, {RESERVED: "8081,41000"}, "8081,41000"),
        (set(), {RESERVED: "8081,41000"}, "8081,41000"),
        ({42000}, {REUSE: 1}, "42000"),
        ({43000}, {RESERVED: None}, "43000"),
    ):
        listeners.services = services
        reserving(host, settings=settings)
        assert host.get(RESERVED) == raw
    host.call(state="absent")
    assert host.get(RESERVED) == ""


def test_without_the_option_the_list_goes_back(host: Host, listeners: Listeners) -> None:
    host.set(RESERVED, "9000")
    listeners.services = {40000}
    reserving(host)
    host.call(settings={REUSE: 1})
    assert host.get(RESERVED) == "9000"


@pytest.mark.parametrize("check", [False, True])
def test_too_many_listeners_are_an_error_and_nothing_changes(host: Host, listeners: Listeners, check: bool) -> None:
    listeners.crowd = "5000 ports between 32768 and 60999 have a listener"
    before = host.state()
    result = reserving(host, check=check)
    assert result["msg"] == f"{RESERVED}: {listeners.crowd}. Nothing was changed."
    assert host.state() == before
    # What takes the profile away does not ask.
    assert not host.call(state="absent", reserve_listening_ports=True).get("failed")


def test_one_look_serves_a_whole_call(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []

    def look(question: Question) -> Listening:
        asked.append(question)
        return Listening(frozenset({40000}), "", True)

    monkeypatch.setattr(_listeners, "look", look)
    reserving(host)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("key", "bound", "others", "expected"),
    [
        (BUCKETS, {"at_least": 65536}, "", "262144"),
        (BUCKETS, {"at_least": 65536, "bytes_each": 2**40}, "", "262144"),
        (BUCKETS, {"at_least": 300000}, "", "300000"),
        (BUCKETS, {"at_least": 65536}, f"{BUCKETS} = 500000", "500000"),
        (BUCKETS, {"at_least": 65536}, f"{BUCKETS} = 4096", "262144"),
        (BUCKETS, {"at_least": 65536}, f"{BUCKETS} = many", "262144"),
        ("net.netfilter.nf_conntrack_tcp_timeout_time_wait", {"at_least": 60}, "", "120"),
        ("net.ipv4.tcp_keepalive_time", {"at_least": 600}, "", "7200"),
        ("net.ipv4.tcp_keepalive_time", {"at_most": 600}, "", "600"),
        ("net.ipv4.tcp_keepalive_time", {"at_most": 9000}, "", "7200"),
        ("net.ipv4.tcp_keepalive_time", {"at_most": 600}, "net.ipv4.tcp_keepalive_time = 300", "300"),
        ("net.core.somaxconn", {"at_least": 1000}, "", "1000"),
    ],
)
def test_a_bound_at_boot_never_makes_it_worse(host: Host, key: str, bound: dict[str, int], others: str, expected: str) -> None:
    host.write("/etc/sysctl.d/50-admin.conf", others + "\n")
    host.call(scope="boot", settings={key: bound})
    assert [line.lstrip("-") for line in lines(host)] == [f"{key} = {expected}"]
    assert not host.call(scope="boot", settings={key: bound})["changed"]


def test_a_boot_file_is_only_raised(host: Host) -> None:
    host.call(scope="boot", settings={BUCKETS: {"at_least": 350000}})
    host.call(scope="boot", settings={BUCKETS: {"at_least": 300000}})
    assert lines(host) == [BUCKETS + " = 350000"]


def test_scope_boot_checks_values_against_a_fresh_kernel(host: Host) -> None:
    result = host.call(scope="boot", settings={RANGE: "500 600"})
    assert result["failed"]
    assert "ip_unprivileged_port_start" in result["msg"]


def test_a_key_that_another_one_keeps_from_changing_says_so(host: Host) -> None:
    result = host.call(settings={TIMESTAMPS: 0, REUSE: 7, BUCKETS: 131072})
    assert status(result) == {TIMESTAMPS: "left_alone", REUSE: "refused", BUCKETS: "ok"}


def have(host: Host, key: str, raw: str) -> None:
    """Give a host a key that the other tests do without."""
    host.write(path_of(key), raw + "\n")


def test_an_unknown_key_at_boot_is_written_with_a_dash_and_told_to_be_unchecked(host: Host) -> None:
    for _call in range(2):
        result = host.call(scope="boot", settings={RMEM: "banana", REUSE: 1})
        assert only(result, RMEM)["reason"].startswith("the collection does not know this key, so nothing has checked its value")
        assert lines(host) == [f"-{RMEM} = banana", f"{REUSE} = 1"]
    assert not result["changed"]


def test_a_tcp_key_that_no_kernel_has_had_is_not_written_to_an_image(host: Host) -> None:
    result = host.call(scope="boot", settings={"net.ipv4.tcp_moderate_recvbuf": 1, "net.ipv4.tcp_moderate_rcvbuf": 1})
    assert result["msg"].startswith("net.ipv4.tcp_moderate_recvbuf: neither this host nor the collection knows this key")
    assert "net.ipv4.tcp_moderate_rcvbuf: " not in result["msg"]
    assert not host.path(BOOT_FILE).exists()


@pytest.mark.parametrize(
    ("others", "expected"), [(f"{RMEM} = 500000", "500000"), (f"{RMEM} = 300", "4000"), (f"{RMEM} = many", None), ("", None)]
)
def test_a_bound_of_an_unknown_key_at_boot_needs_a_value_in_another_boot_file(host: Host, others: str, expected: str | None) -> None:
    host.write("/etc/sysctl.d/50-admin.conf", others + "\n")
    have(host, RMEM, "8000")
    result = host.call(scope="boot", settings={RMEM: {"at_least": 4000}})
    if expected is None:
        assert "a bound works only for a key with one whole number" in result["msg"]
    else:
        assert lines(host) == [f"-{RMEM} = {expected}"]


def test_a_line_that_overrides_an_unknown_key_is_told(host: Host) -> None:
    have(host, RMEM, "8000")
    host.write("/etc/sysctl.d/zz.conf", f"{RMEM} = 4096\nnet.core.wmem_max = 1\n")
    result = host.call(settings={RMEM: 9000})
    assert {(one["key"], one["value"], one["ours"]) for one in result["conflicts"]} == {(RMEM, "4096", "9000")}
    host.write("/etc/sysctl.d/zz.conf", f"{RMEM} = 0x2328\n")
    assert host.call(settings={RMEM: 9000})["conflicts"] == []


def test_an_unknown_key_goes_back_where_the_run_was_killed(host: Host) -> None:
    have(host, QDISC, "fq_codel")
    writes = next(number for number, what in enumerate(host.steps(settings={QDISC: "fq"})) if what == f"write {QDISC}")
    host.call(state="absent")
    assert host.get(QDISC) == "fq_codel"
    assert host.killed(writes + 1, settings={QDISC: "fq"})
    assert host.get(QDISC) == "fq"
    assert host.call(settings={REUSE: 1})["recovered"].endswith(f"It was undone: {QDISC}.")
    assert host.get(QDISC) == "fq_codel"


# Without a host: the plan is a function of what was observed


def observed(
    keys: dict[str, str | None], listening: tuple[int, ...] | None = None, unknown: dict[str, list[str]] | None = None
) -> Observed:
    live: dict[str, str | None] = {RANGE: "32768\t60999", UNPRIVILEGED: "1024", RESERVED: "", **keys}
    return Observed(
        keys=live,
        memory_bytes=None,
        question=None if listening is None else ask({}, live, None),
        listening=None if listening is None else Listening(frozenset(listening), "", True),
        boot_tree=BootTree(),
        real_boot_file="",
        files={},
        boot_folder_exists=False,
        unsafe_folders={},
        unknown=unknown or {},
        congestion=None,
    )


def options(**given: t.Any) -> Options:
    return read_options(Host("").options(scope="runtime", **given))


NO_RECORD = Record("client_host", {}, None)


def test_a_target_that_is_there_already_needs_no_step() -> None:
    plan = plan_keys(options(settings={REUSE: 1, TIMESTAMPS: 1}), observed({REUSE: "2", TIMESTAMPS: "1"}), NO_RECORD)
    assert plan.steps == [KeyStep(REUSE, "2", "1")]
    assert plan.originals == {REUSE: Original("2", "1"), TIMESTAMPS: Original("1", "1")}
    assert {item.status for item in plan.items.values()} == {""}


@pytest.mark.parametrize(
    ("key", "setting", "now", "steps"),
    [
        (RMEM, 4194304, "212992", [KeyStep(RMEM, "212992", "4194304")]),
        (RMEM, "212992", "212992", []),
        (RMEM, "0x34000", "212992", []),
        (QDISC, "fq", "fq_codel", [KeyStep(QDISC, "fq_codel", "fq")]),
        ("net.ipv4.ping_group_range", "1  0", "1\t0", []),
        ("net.ipv4.ping_group_range", "0 \t 7", "1\t0", [KeyStep("net.ipv4.ping_group_range", "1\t0", "0 7")]),
        (RMEM, {"at_least": 4194304}, "212992", [KeyStep(RMEM, "212992", "4194304")]),
        (RMEM, {"at_least": 4194304}, "8388608", []),
        (RMEM, {"at_most": 4194304}, "8388608", [KeyStep(RMEM, "8388608", "4194304")]),
    ],
)
def test_a_key_that_the_collection_does_not_know_gets_the_text_of_its_setting(
    key: str, setting: object, now: str, steps: list[KeyStep]
) -> None:
    plan = plan_keys(options(settings={key: setting}), observed({key: now}), NO_RECORD)
    assert (plan.steps, plan.items[key].status, plan.items[key].reason) == (steps, "", "")
    assert plan.originals == {key: Original(now, plan.targets[key])}


def test_an_unknown_key_that_is_no_number_can_have_no_bound() -> None:
    plan = plan_keys(options(settings={QDISC: {"at_least": 1}}), observed({QDISC: "fq"}), NO_RECORD)
    assert plan.items[QDISC].status == "refused"
    assert plan.items[QDISC].reason == (
        "a bound works only for a key with one whole number, and this one holds 'fq'; write the whole value instead"
    )


@pytest.mark.parametrize(
    ("nearest", "hint"),
    [
        ([], "; a kernel module or an interface may be missing"),
        (["net.core.rmem_max"], " (did you mean net.core.rmem_max?)"),
        (["net.core.rmem_max", "net.core.wmem_max"], " (did you mean net.core.rmem_max or net.core.wmem_max?)"),
    ],
)
def test_a_key_that_nobody_knows_is_refused_with_the_nearest_names(nearest: list[str], hint: str) -> None:
    key = "net.core.rmen_max"
    plan = plan_keys(options(settings={key: 1}), observed({key: None}, unknown={key: nearest}), NO_RECORD)
    assert (plan.items[key].status, plan.steps) == ("refused", [])
    assert plan.items[key].reason == f"neither this host nor the collection knows this key{hint}"


def test_a_key_that_spreads_to_interfaces_comes_first_and_theirs_are_written_again() -> None:
    conf = "net.ipv6.conf.{}.forwarding".format
    settings = {REUSE: 1, conf("lo"): 0, conf("default"): 0, conf("all"): 1}
    now: dict[str, str | None] = {REUSE: "1", conf("lo"): "0", conf("default"): "0", conf("all"): "0"}
    plan = plan_keys(options(settings=settings), observed(now), NO_RECORD)
    assert plan.steps == [KeyStep(conf("all"), "0", "1"), KeyStep(conf("default"), "0", "0"), KeyStep(conf("lo"), "0", "0")]


@pytest.mark.parametrize(
    ("now", "original"),
    [
        # The profile moves to the value that an admin has set within the bound: it is the admin's, and not taken back.
        ("300000", Original("131072", "200000")),
        # The profile itself raises it.
        ("150000", Original("131072", "200000")),
    ],
)
def test_what_is_remembered_of_a_bounded_key(now: str, original: Original) -> None:
    record = Record("client_host", {BUCKETS: Original("131072", "200000")}, None)
    plan = plan_keys(options(settings={BUCKETS: {"at_least": 200000}}), observed({BUCKETS: now}), record)
    assert plan.originals == {BUCKETS: original}


def test_a_value_that_an_admin_has_set_already_is_the_profiles_when_it_is_asked_for() -> None:
    """Without a bound the profile sets exactly this value, so it takes it back too, whoever has set it first."""
    record = Record("client_host", {BUCKETS: Original("131072", "200000")}, None)
    plan = plan_keys(options(settings={BUCKETS: 300000}), observed({BUCKETS: "300000"}), record)
    assert plan.originals == {BUCKETS: Original("131072", "300000")}
    assert plan.steps == []


@pytest.mark.parametrize(
    ("now", "status", "steps"),
    [
        ("1", "", [KeyStep(REUSE, "1", "2")]),
        ("2", "", []),
        ("0", "left_alone", []),
        (None, "absent", []),
    ],
)
def test_a_key_goes_back_unless_somebody_has_changed_it(now: str | None, status: str, steps: list[KeyStep]) -> None:
    record = Record("client_host", {REUSE: Original("2", "1")}, None)
    plan = plan_keys(options(state="absent"), observed({REUSE: now}), record)
    assert plan.items[REUSE].status == status
    assert plan.steps == steps
    assert plan.originals == {}


def test_a_key_that_cannot_go_back_is_left_alone() -> None:
    """The range of before the profile begins under what is unprivileged now."""
    record = Record("client_host", {RANGE: Original("500\t60999", "2000\t60999")}, None)
    plan = plan_keys(options(state="absent"), observed({RANGE: "2000\t60999"}), record)
    assert plan.items[RANGE].status == "left_alone"
    assert "cannot be restored to" in plan.items[RANGE].reason
    assert plan.steps == []


@pytest.mark.parametrize(
    ("reserved", "services", "raw", "new"),
    [
        ("", (40000,), "40000", [40000]),
        ("9000", (40000, 40001), "9000,40000-40001", [40000, 40001]),
        ("40000-40010", (40005,), None, []),
        ("", (), None, []),
    ],
)
def test_services_in_the_range_are_reserved(reserved: str, services: tuple[int, ...], raw: str | None, new: list[int]) -> None:
    plan = plan_keys(options(settings={}, reserve_listening_ports=True), observed({RESERVED: reserved}, services), NO_RECORD)
    assert plan.targets.get(RESERVED) == raw
    assert plan.reserved_ports == new


def test_a_kernel_that_does_not_list_udp_sockets_is_told_where_nothing_is_reserved_too() -> None:
    seen = observed({}, ())._replace(listening=Listening(frozenset(), "", False))
    plan = plan_keys(options(settings={}, reserve_listening_ports=True), seen, NO_RECORD)
    assert (plan.items[RESERVED].status, plan.targets) == ("left_alone", {})
    assert "udp_diag" in plan.items[RESERVED].reason
