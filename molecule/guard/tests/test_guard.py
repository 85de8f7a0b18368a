# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard on hosts with systemd: it outlives who made it, undoes at the end of its time or when it is ended, and a restart undoes too."""

from __future__ import annotations

import time
import typing as t
import uuid

import pytest
from containers import engine
from containers.hosts import PROFILE_FILE, Host, host
from containers.module_runs import container, install, run_module

TIMESTAMPS, TW_REUSE, RANGE = "net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range"
NEW = {TIMESTAMPS: "0", TW_REUSE: "1", RANGE: "16384 65535"}
OLD = ["1", "2", "32768 60999"]
PROFILE: dict[str, t.Any] = {"name": "client_host", "settings": NEW}
JOURNAL = "/var/lib/linux_tcp_hardening"
# Enough to look at what is there meanwhile, also on a busy machine.
SOON, LATE = 30, 3600
PATIENCE_SECONDS = 90
SSH = "ssh -i /etc/ssh/oncall -o StrictHostKeyChecking=no -o LogLevel=ERROR oncall@127.0.0.1"
STARTERS = {
    "session": f"{SSH} sudo --non-interactive",
    # In a container systemd may not see that a service has no process left, and then waits for its time to stop.
    "service": "systemd-run --quiet --pipe --wait --collect --unit=maintenance -p KillMode=control-group -p TimeoutStopSec=2s",
}


def until(condition: t.Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def values(on: Host) -> list[str]:
    return on.live(*NEW)


def unit(result: dict[str, t.Any]) -> str:
    """The guard's own, from what the module returned."""
    assert not result.get("failed"), result["msg"]
    assert result["guard"]["outlives_session"] is True
    return f"linux-tcp-hardening-guard-{result['guard']['token']}.scope"


def is_active(on: Host, name: str) -> bool:
    return bool(on.infra.run(f"systemctl is-active --quiet {name}").rc == 0)


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    install(host("session"), host("service"), host("restarts"))


@pytest.fixture(scope="module")
def armed(_installed: None) -> dict[str, tuple[dict[str, object], dict[str, t.Any]]]:
    """The state before, and what the module returned, of a session and of a service that both have made a change and ended."""
    made = {}
    for name, starter in STARTERS.items():
        before = host(name).state()
        made[name] = before, run_module(host(name), starter, **PROFILE, confirm_seconds=SOON)
    return made


@pytest.mark.parametrize("name", list(STARTERS))
def test_the_guard_outlives_what_made_it(armed: dict[str, tuple[dict[str, object], dict[str, t.Any]]], name: str) -> None:
    scope = unit(armed[name][1])
    # Whatever else was started there has gone.
    until(lambda: host(name).infra.run("pgrep --exact sleep").rc == 1)
    if name == "session":
        # logind forgets a session a moment after its last process.
        until(lambda: host(name).infra.check_output("loginctl --no-legend list-sessions | wc -l") == "0")
    assert (is_active(host(name), scope), values(host(name))) == (True, list(NEW.values()))
    assert host(name).infra.check_output(f"systemctl show --property=Slice --value {scope}") == "system.slice"
    assert not host(name).exists(PROFILE_FILE)


@pytest.mark.parametrize("name", list(STARTERS))
def test_it_undoes_when_its_time_is_over(armed: dict[str, tuple[dict[str, object], dict[str, t.Any]]], name: str) -> None:
    before, result = armed[name]
    until(lambda: not is_active(host(name), unit(result)))
    assert values(host(name)) == OLD
    assert host(name).state() == before
    again = run_module(host(name), name="client_host", state="absent")
    assert "was not confirmed in time. It was undone: " in again["recovered"]
    assert not host(name).exists(JOURNAL)


def test_it_undoes_at_once_when_it_is_stopped() -> None:
    before = host("service").state()
    scope = unit(run_module(host("service"), STARTERS["service"], **PROFILE, confirm_seconds=LATE))
    assert values(host("service")) == list(NEW.values())
    host("service").infra.check_output(f"systemctl stop {scope}")
    assert values(host("service")) == OLD
    assert host("service").state() == before
    again = run_module(host("service"), name="client_host", state="absent")
    assert "was not confirmed before its guard was ended. It was undone: " in again["recovered"]


def lose_power(on: Host) -> None:
    engine.podman("kill", "--signal=KILL", container(on))


def reboot(on: Host) -> None:
    on.infra.run("systemctl reboot")


ENDS = [
    (lose_power, "was not confirmed before the host restarted. The restart has undone it."),
    # systemd ends the guard before it ends the host.
    (reboot, "was not confirmed before its guard was ended. It was undone: "),
]


@pytest.mark.parametrize(("end", "what"), ENDS)
def test_a_restart_gives_the_old_state_back(end: t.Callable[[Host], None], what: str) -> None:
    on = host("restarts")
    before = on.state()
    unit(run_module(on, **PROFILE, confirm_seconds=LATE))
    assert (values(on), on.exists(PROFILE_FILE)) == (list(NEW.values()), False)
    end(on)
    engine.podman("wait", container(on))
    engine.podman("start", container(on))
    engine.wait_until_booted(container(on))
    on.infra.check_output(f"echo {uuid.uuid4()} > /run/boot_id && mount --bind /run/boot_id /proc/sys/kernel/random/boot_id")
    assert (values(on), on.exists(PROFILE_FILE)) == (OLD, False)
    again = run_module(on, name="client_host", state="absent")
    assert again["changed"] is False
    assert again["recovered"].startswith(f"An earlier change of profile client_host {what}")
    assert on.state() == before
    assert not on.exists(JOURNAL)


def test_what_is_confirmed_in_time_outlives_a_restart() -> None:
    on = host("restarts")
    before = on.state()
    result = run_module(on, **PROFILE, confirm_seconds=LATE)
    scope = unit(result)
    confirmed = run_module(on, name="client_host", confirm=result["guard"]["token"])
    assert not confirmed.get("failed"), confirmed["msg"]
    until(lambda: not is_active(on, scope))
    assert (values(on), on.boot_values()) == (list(NEW.values()), NEW)
    engine.restart(container(on))
    assert (values(on), on.boot_values()) == (list(NEW.values()), NEW)
    assert run_module(on, name="client_host", state="absent")["recovered"] is None
    assert (values(on), on.state()) == (OLD, before)
