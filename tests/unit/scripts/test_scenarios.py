# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs the molecule scenarios, with a stand-in for podman: it fails where nothing was shown, and cleans up after itself alone."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from containers import engine

from scripts import scenarios, tree

# The highest pid that Linux gives is 2^22.
DEAD_PID = 2**22 + 1


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A podman and what else is asked for; the file has what it was called with, each call on a line."""
    log = tmp_path / "calls"
    for name in ("podman", "runc", "nft", "mmdebstrap"):
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\n[ {name} != podman ] || echo "$*" >> {log}\n[ "$1" != ps ] || cat {tmp_path}/names\n')
        path.chmod(0o755)
    (tmp_path / "names").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(engine, "CACHE", tmp_path)
    monkeypatch.setattr(engine, "PACKAGES", ("podman", "runc"))
    monkeypatch.setenv("CONTAINERS_CONF", "")
    return log


def test_a_named_image_is_taken_as_it_is(podman: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_IMAGE", "registry.example/debian-systemd:12")
    assert engine.prepare() == "registry.example/debian-systemd:12"
    assert not podman.exists()


def test_an_image_that_is_there_is_not_built_again(podman: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTAINER_IMAGE", raising=False)
    image = engine.prepare()
    assert podman.read_text().splitlines() == [f"image exists {image}"]


def test_the_settings_ask_for_no_more_than_the_limits_in_force(podman: Path) -> None:
    engine.configure()
    settings = Path(os.environ["CONTAINERS_CONF"]).read_text()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    assert f'"nofile={limit}:{limit}"' in settings
    assert 'netns = "none"' in settings


def test_podman_that_fails_is_a_problem_in_its_own_words(podman: Path, tmp_path: Path) -> None:
    (tmp_path / "podman").write_text("#!/bin/sh\necho no space left >&2\nexit 125\n")
    with pytest.raises(engine.Problem, match="no space left"):
        engine.podman("run", "image")


def test_only_containers_of_runs_that_are_gone_are_removed(podman: Path, tmp_path: Path) -> None:
    own = f"tcp-test-{DEAD_PID}-default-client"
    (tmp_path / "names").write_text(f"{own}\ntcp-test-{os.getpid()}-default-client\nsomebody-else\n")
    scenarios.remove_left_over()
    calls = podman.read_text().splitlines()
    assert [call for call in calls if call.startswith("rm ")] == [f"rm --force --ignore --time=0 {own}"]
    assert all(f"--filter=label={engine.LABEL}" in call for call in calls if call.startswith("ps "))


def test_without_its_packages_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", lambda *_args, **_kw: subprocess.CompletedProcess([], 1))
    with pytest.raises(engine.Problem, match="packages are missing"):
        scenarios.run_all([])
    with pytest.raises(engine.Problem, match="packages are missing"):
        engine.prepare()


def test_an_unknown_scenario_is_named_before_anything_is_done(podman: Path) -> None:
    with pytest.raises(engine.Problem, match="no such scenario: nonsense; there are lab, default"):
        scenarios.run_all(["default", "nonsense"])
    assert not podman.exists()


@pytest.mark.parametrize(
    ("code", "said", "failure"),
    [
        (0, "Executed: Successful", ""),
        (1, "Verifier tests failed", "exit code 1"),
        (0, "Skipping, no tests found.", "it says: Skipping, no tests found"),
        (0, "side_effect: Executed: Missing playbook", "it says: Missing playbook"),
    ],
)
def test_a_scenario_that_looked_at_nothing_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, said: str, failure: str
) -> None:
    monkeypatch.setattr(scenarios, "CACHE", tmp_path)
    scenarios.log("default").write_text(said)
    process = subprocess.Popen(["sh", "-c", f"exit {code}"])
    process.wait()
    assert scenarios.finish("default", scenarios.Run(process, 0)).failure == failure


def test_the_line_a_minute_names_the_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scenarios, "CACHE", tmp_path)
    said = """\
INFO     [lab > discovery] scenario test matrix: destroy, create, converge, verify tests, destroy
INFO     [lab > destroy] Executing
INFO     [lab > destroy] Executed: Successful
INFO     [lab > verify] Executing Testinfra tests found in …
INFO     [lab > create] Executing
"""
    scenarios.log("lab").write_text(said, encoding="utf-8")
    assert scenarios.step("lab") == "create, step 2 of 5"
    scenarios.log("lab").write_text("")
    assert scenarios.step("lab") == "starting"


def test_what_changed_or_vanished_is_reported_and_what_is_new_is_not() -> None:
    before = {"a": "1", "b": "1", "c": "1"}
    assert scenarios.compare(before, {"a": "1", "b": "2", "d": "1"}) == ["b: '1' -> '2'", "c: '1' -> None"]


def test_the_state_of_the_machine_has_its_sysctls_but_no_counters() -> None:
    state = scenarios.machine_state()
    assert {"/proc/sys/net/ipv4/tcp_tw_reuse", "/proc/sys/net/ipv4/ip_local_port_range"} <= set(state)
    assert not {"/proc/sys/fs/file-nr", "/proc/sys/kernel/random/uuid", "/proc/sys/kernel/ns_last_pid"} & set(state)
    assert "nft list ruleset" in state


# What molecule makes of the configs that it finds by itself, for each scenario.
RESOLVED = """
import json
from molecule.command.base import get_configs
from molecule.shell import LOCAL_CONFIG
configs = get_configs({"base_config": [LOCAL_CONFIG]}, {"subcommand": "test"})
print(json.dumps({config.scenario.name: {
    "playbooks": [config.provisioner.playbooks.create, config.provisioner.playbooks.destroy],
    "env": config.provisioner.env,
    "login": config.driver.login_cmd_template.format(**config.driver.login_options("HOST")),
} for config in configs}))
"""


def test_plain_molecule_finds_the_shared_config_in_a_clone(tmp_path: Path) -> None:
    clone = tree.copy_project(tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=clone, check=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_", "CONTAINER"))}
    # What a shell may have exported for other work.
    environment |= {"ANSIBLE_CONFIG": str(clone / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": "/nonexistent", "HOME": str(tmp_path)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run([sys.executable, "-c", RESOLVED], cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    plans = json.loads(done.stdout)

    assert set(plans) == set(scenarios.available())
    for name, one in plans.items():
        assert all(one["playbooks"]), name
        assert Path(one["env"]["ANSIBLE_COLLECTIONS_PATH"]) == clone / "playbooks" / "collections"
        assert Path(one["env"]["CONTAINERS_CONF"]) == clone / ".cache" / "containers" / "containers.conf"
        assert one["env"]["CONTAINER_PREFIX"] == f"tcp-molecule-{name}-"
        assert f" tcp-molecule-{name}-HOST " in one["login"]
