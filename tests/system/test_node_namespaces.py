# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node with systemd and the control groups that kubelet makes: the audit finds everything on it and names it as its owner does."""

from __future__ import annotations

import json
import os
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import engine
from support import full_namespace
from support.container_image import image
from support.playbook_runs import Run, run_playbook

NODE = f"tcp-test-{os.getpid()}-node"
FACTS = """
- hosts: all
  gather_facts: false
  tasks:
    - linux_tcp.hardening.tcp_facts: {sample_seconds: 1, gather_subset: [sockets]}
      register: facts
    - ansible.builtin.copy:
        content: "{{ facts.ansible_facts.linux_tcp.sockets.programs | to_json }}"
        dest: "{{ playbook_dir }}/programs.json"
        mode: "0600"
      delegate_to: localhost
"""
UID, UNNAMED_UID = "1b2c3d4e-aaaa-bbbb-cccc-0123456789ab", "2b2c3d4e-aaaa-bbbb-cccc-0123456789ab"
CONTAINER, UNNAMED_CONTAINER = "a1" * 32, "b2" * 32
# A folder of logs is where kubelet keeps the names of its pods.
INVENTORY = {"all": {"hosts": {NODE: {"ansible_connection": "containers.podman.podman", "ansible_python_interpreter": "/usr/bin/python3"}}}}
POD_LOGS = f"/var/log/pods/shop_cart-1_{UID}"
FULL = "python3 /opt/full_namespace.py cart-1 20"


def _scope(uid: str, container: str) -> str:
    """Starts a command in the groups of kubelet with its systemd driver and containerd."""
    pod = f"kubepods-burstable-pod{uid.replace('-', '_')}.slice"
    return f"systemd-run --quiet --scope --slice={pod} --unit=cri-containerd-{container}.scope unshare --net --uts"


# Its sockets stay in the node's namespace, where no process has them.
STRAY = """
import ctypes, socket, time
with socket.create_server(("127.0.0.1", 9001), backlog=64):
    held = [socket.create_connection(("127.0.0.1", 9001)) for _number in range(30)]
    ctypes.CDLL(None).unshare(0x40000000)
    time.sleep(600)
"""

# Each ends with the node. The named pod is out of ports, which its input keeps so.
SCRIPT = f"""
set -e
mkdir -p {POD_LOGS}
systemd-run --quiet --unit=island --property=PrivateNetwork=yes sleep infinity
systemd-run --quiet --unit=mainland sleep infinity
systemd-run --quiet --unit=stray python3 -c '{STRAY}'
ip netns add blue
mkfifo /run/input /run/output
sleep infinity > /run/input &
{_scope(UID, CONTAINER)} {FULL} < /run/input > /run/output 2>&1 &
{_scope(UNNAMED_UID, UNNAMED_CONTAINER)} sleep infinity &
read answer < /run/output
test "$answer" = ready
until [ -e /sys/fs/cgroup/systemd{{,/*,/*/*}}/kubepods.slice/*/*/cri-containerd-{UNNAMED_CONTAINER}.scope ]; do sleep 0.05; done
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    if os.geteuid():
        pytest.skip("needs root")
    try:
        engine.start(image(), NODE, "privileged", "--network=none")
        engine.podman("cp", full_namespace.__file__, f"{NODE}:/opt/full_namespace.py")
        engine.podman("exec", "--detach", NODE, "bash", "-c", SCRIPT)
        yield run_playbook(
            tmp_path_factory.mktemp("node"),
            inventory=INVENTORY,
            tcp_profile="backend",
            tcp_namespaces="all",
        )
    except engine.Problem as problem:
        pytest.skip(f"needs containers: {problem}")
    finally:
        engine.podman("rm", "--force", "--time=0", NODE, check=False)


def _namespaces(run: Run) -> dict[str, t.Any]:
    return {one["name"]: one for one in run.audits()[NODE]["namespaces"]}


def test_each_namespace_has_the_name_that_its_owner_knows(run: Run) -> None:
    unnamed = f"pod {UNNAMED_UID} container {UNNAMED_CONTAINER[:12]} ({NODE})"
    assert set(_namespaces(run)) == {"pod shop/cart-1", unnamed, "unit island.service", "unit stray.service", "netns blue"}, run.output


def test_pods_are_judged_as_client_hosts_and_what_is_no_container_under_any_profile(run: Run) -> None:
    profiles = {name.split()[0]: one["profile"] for name, one in _namespaces(run).items()}
    assert profiles == {"pod": "client_host", "unit": "any", "netns": "any"}


def test_a_pod_out_of_ports_is_critical_in_the_audit_of_its_node_and_in_every_report(run: Run) -> None:
    pod = _namespaces(run)["pod shop/cart-1"]
    failed = {result["id"]: result for result in pod["results"] if result["status"] == "fail"}
    assert failed["ports-pressure"]["severity"] == "critical"
    assert run.code == 2
    assert f"{NODE}: 1 failed result of severity high or above. pod shop/cart-1: critical ports-pressure: " in run.output
    for ending in ("html", "junit.xml", "md", "sarif"):
        assert "pod shop/cart-1" in (run.reports / f"tcp-audit.{ending}").read_text(), ending
    for place in (failed["ports-pressure"]["observed"], run.output):
        assert f"Programs: containerd container {CONTAINER[:12]} (python3): keeps 20 connections open" in " ".join(place.split())


def test_the_cure_of_a_pod_is_a_line_of_its_manifest(run: Run) -> None:
    first = _namespaces(run)["pod shop/cart-1"]["advice"][0]
    assert (first["id"], first["how"][0].startswith("in the pod: securityContext: {sysctls: [{name: ")) == ("wider-range", True)


def test_the_node_itself_has_its_own_verdict(run: Run) -> None:
    node = run.audits()[NODE]
    assert not [result for result in node["results"] if result["status"] == "fail" and result["severity"] in ("critical", "high")]
    assert "1 of 5 other network namespaces has failed results of severity medium or above" in node["verdict"]["sentence"]


def test_sockets_that_no_process_here_has_are_of_the_unit_that_made_them(run: Run, tmp_path: Path) -> None:
    """By the number of the control group, which only version 2 has."""
    if "cgroup2" not in engine.podman("exec", NODE, "cat", "/proc/mounts").stdout:
        pytest.skip("needs control groups of version 2 on the node")
    playbook = tmp_path / "facts.yml"
    playbook.write_text(FACTS)
    facts = run_playbook(tmp_path, playbook=playbook, inventory=INVENTORY)
    assert facts.code == 0, facts.output
    (use,) = json.loads((tmp_path / "programs.json").read_text())["uses"]
    assert (use["program"], use["owner"], use["port"], use["sockets"]) == (None, "stray.service", 9001, 30)
