# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_names import (
    LONGEST_CGROUP,
    LONGEST_NAME,
    Names,
    Owner,
    best_name,
    distinct_names,
    inside,
    owner_of,
    pods_of,
    roots_of,
)
from hypothesis import given
from hypothesis import strategies as st

UID = "1b2c3d4e-aaaa-bbbb-cccc-0123456789ab"
UNDERSCORED = UID.replace("-", "_")
STATIC = "0123456789abcdef0123456789abcdef"
ID, OTHER_ID = "a1" * 32, "0f" * 32

CONTAINERD = Owner(UID, container=ID, runtime="containerd")
CRIO = Owner(UID, container=ID, runtime="cri-o")
POD = Owner(UID, container=ID)
DOCKER = Owner(container=ID, runtime="docker")
PODMAN = Owner(container=ID, runtime="podman")
BURSTABLE = f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UNDERSCORED}.slice"
NODE = f"/docker/{OTHER_ID}"
USER = "user.slice/user-1000.slice/user@1000.service"


def version_1(path: str) -> str:
    """As on a host with cgroups of version 1: the same path in each hierarchy."""
    return "".join(f"{number}:{name}:{path}\n" for number, name in ((12, "pids"), (4, "cpu,cpuacct"), (1, "name=systemd")))


def hybrid(path: str, unified: str = "/") -> str:
    return version_1(path) + f"0::{unified}\n"


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        # kubelet, with its systemd driver and with its cgroupfs driver
        (f"/{BURSTABLE}/cri-containerd-{ID}.scope", CONTAINERD),
        (f"/{BURSTABLE}/crio-{ID}.scope", CRIO),
        (f"/{BURSTABLE}/crio-{ID}.scope/container", CRIO),
        (f"/{BURSTABLE}/docker-{ID}.scope", Owner(UID, container=ID, runtime="docker")),
        (f"/{BURSTABLE}", Owner(UID)),
        (f"/kubepods.slice/kubepods-pod{UNDERSCORED}.slice/crio-{ID}.scope", CRIO),
        (f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{STATIC}.slice", Owner(STATIC)),
        (f"/kubepods/besteffort/pod{UID}/{ID}", POD),
        (f"/kubepods/pod{UID}/{ID}", POD),
        (f"/kubepods/burstable/pod{STATIC}/{ID}", Owner(STATIC, container=ID)),
        (f"/kubepods/burstable/pod{UID}/crio-{ID}", CRIO),
        (f"/system.slice/containerd.service/kubepods-burstable-pod{UNDERSCORED}.slice:cri-containerd:{ID}", CONTAINERD),
        # a node that is a container itself, and containers that a pod has made
        (
            f"{NODE}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{UNDERSCORED}.slice/cri-containerd-{ID}.scope",
            CONTAINERD,
        ),
        (f"{NODE}/kubelet/kubepods/burstable/pod{UID}/{ID}", POD),
        (f"{NODE}/kubelet/kubepods/burstable/pod{UID}", Owner(UID)),
        (f"/kubepods/burstable/pod{UID}/{OTHER_ID}/docker/{ID}", Owner(UID, container=ID, runtime="docker")),
        (f"/lxc.payload.node/{BURSTABLE}/cri-containerd-{ID}.scope", CONTAINERD),
        # docker
        (f"/system.slice/docker-{ID}.scope", DOCKER),
        (f"/docker/{ID}", DOCKER),
        (f"/jobs.slice/docker-{ID}.scope/init.scope", DOCKER._replace(unit="init.scope")),
        (f"/jobs/{ID}", Owner(container=ID)),
        ("/system.slice/docker.service", Owner(unit="docker.service")),
        # podman
        (f"/machine.slice/libpod-{ID}.scope", PODMAN),
        (f"/machine.slice/libpod-{ID}.scope/container", PODMAN),
        (f"/machine.slice/machine-libpod_pod_{OTHER_ID}.slice/libpod-{ID}.scope", PODMAN),
        (f"/libpod_parent/libpod-{ID}", PODMAN),
        (f"/{USER}/user.slice/libpod-{ID}.scope/container", PODMAN),
        (f"/system.slice/web.service/libpod-payload-{ID}", PODMAN),
        (f"/machine.slice/libpod-conmon-{ID}.scope", Owner(unit=f"libpod-conmon-{ID}.scope")),
        (f"/{BURSTABLE}/crio-conmon-{ID}.scope", Owner(UID, unit=f"crio-conmon-{ID}.scope")),
        # an engine that is not known
        (f"/system.slice/nerdctl-{ID}.scope", Owner(container=ID, runtime="nerdctl")),
        # systemd-nspawn and what else registers as a machine
        ("/machine.slice/systemd-nspawn@web.service/payload", Owner(machine="web", runtime="systemd-nspawn")),
        (r"/machine.slice/systemd-nspawn@web\x2d1.service/supervisor", Owner(machine="web-1", runtime="systemd-nspawn")),
        ("/machine.slice/machine-web.scope", Owner(machine="web", runtime="systemd-machined")),
        (r"/machine.slice/machine-qemu\x2d1\x2ddb.scope/libvirt", Owner(machine="qemu-1-db", runtime="systemd-machined")),
        (r"/machine.slice/machine-gr\xc3\xbc\x1b\xff.scope", Owner(machine="gr???", runtime="systemd-machined")),
        (
            "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
            Owner(machine="web", runtime="systemd-nspawn", unit="nginx.service"),
        ),
        # LXC
        ("/lxc.payload.web", Owner(machine="web", runtime="lxc")),
        ("/lxc.payload.web/system.slice/nginx.service", Owner(machine="web", runtime="lxc", unit="nginx.service")),
        ("/lxc/101/ns/init.scope", Owner(machine="101", runtime="lxc", unit="init.scope")),
        ("/lxc.payload/web", Owner(machine="web", runtime="lxc")),
        ("/lxc.monitor.web", Owner()),
        ("/lxc/", Owner()),
        # systemd alone
        ("/system.slice/x.service", Owner(unit="x.service")),
        ("/system.slice/x.service/worker", Owner(unit="x.service")),
        (r"/system.slice/system-web\x2dapp.slice/web\x2dapp@1.service", Owner(unit=r"web\x2dapp@1.service")),
        (f"/{USER}/app.slice/y.service", Owner(unit="y.service")),
        ("/user.slice/user-0.slice/session-3.scope", Owner(unit="session-3.scope")),
        ("/system.slice/x.service (deleted)", Owner(unit="x.service")),
        ("/system.slice/\x1b[31m\u202e.service", Owner(unit="?[31m?.service")),
        # nobody
        ("/", Owner()),
        ("", Owner()),
        ("/../../user", Owner()),
        ("/.service/.scope", Owner()),
        (f"/{ID[:-1]}/{ID}0/docker-{ID[:-1]}/pod{UID}0", Owner()),
    ],
)
def test_who_a_cgroup_belongs_to(path: str, owner: Owner) -> None:
    assert [owner_of(text) for text in (f"0::{path}\n", version_1(path), hybrid(path), hybrid("/", path))] == [owner] * 4


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        # A runtime that uses a controller's hierarchy says more than systemd, which sees only the service that started it.
        (f"8:memory:/docker/{ID}\n1:name=systemd:/system.slice/docker.service\n0::/system.slice/docker.service\n", DOCKER),
        (f"8:memory:/lxc/web\n0::/system.slice/docker-{ID}.scope\n", DOCKER),
        # Of two units, systemd's own is right.
        ("8:memory:/a.service\n1:name=systemd:/b.service\n", Owner(unit="b.service")),
        ("8:memory:/a.service\n1:name=systemd:/b.service\n0::/c.service\n", Owner(unit="c.service")),
        # A path may have colons, a line may be no line of this file.
        ("0::/a:b.service\n", Owner(unit="a:b.service")),
        ("0:\nx\n\n:::::\n", Owner()),
        ("", Owner()),
    ],
)
def test_which_hierarchy_counts(text: str, owner: Owner) -> None:
    assert owner_of(text) == owner


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        (f"{NODE}/system.slice/x.service", Owner(unit="x.service")),
        (f"{NODE}/{BURSTABLE}/cri-containerd-{ID}.scope", CONTAINERD),
        (NODE, Owner()),
        (f"{NODE}0/system.slice/x.service", Owner(unit="x.service")),
        (f"/docker/{ID}", DOCKER),
    ],
)
@pytest.mark.parametrize("first", [f"0::{NODE}/init.scope\n", hybrid(NODE, f"{NODE}/init.scope"), version_1(NODE)])
def test_the_container_that_the_host_is_says_nothing_about_who_is_in_it(first: str, path: str, owner: Owner) -> None:
    roots = roots_of(first)
    assert [owner_of(text, roots) for text in (f"0::{path}\n", version_1(path), hybrid(path))] == [owner] * 3


@pytest.mark.parametrize("first", ["0::/init.scope\n", "0::/\n", version_1("/"), hybrid("/", "/init.scope"), "", "x"])
def test_a_host_that_is_no_container_begins_at_the_top(first: str) -> None:
    assert roots_of(first) == ()


PARTS = st.sampled_from(
    [
        f"pod{UID}",
        f"kubepods-pod{UNDERSCORED}.slice",
        f"docker-{ID}.scope",
        f"x:cri-containerd:{ID}",
        "docker",
        "lxc",
        "lxc.payload.",
        "lxc.payload.\x1b",
        r"machine-\x0a\xff.scope",
        "systemd-nspawn@\u202e.service",
        ".service",
        " (deleted)",
        "..",
    ]
)
PATHS = st.lists(PARTS | st.text(max_size=20)).map("/".join)
LINES = st.tuples(st.sampled_from(["0::", "1:name=systemd:", "4:memory:", "::", ""]), PATHS).map("".join)


@given(st.text() | st.lists(LINES).map("\n".join))
def test_any_text_has_an_owner_of_clean_text(text: str) -> None:
    owner = owner_of(text)
    for value in owner:
        assert value is None or (value and len(value) <= LONGEST_NAME and value.isascii() and value.isprintable())
    assert best_name(Names(owner), 1, 2).isprintable()


@pytest.mark.parametrize(
    "piece",
    ["/", ":", "0::/\n", "0::/a.service/", r"/machine-\x41", "/lxc/", f"/docker-{ID}", "0::/" + "pod" * 9, "a-", "-pod", r"\x41", "-0"],
)
@pytest.mark.parametrize("start", ["0::/", "0::/machine-", "0::/" + "a" * 30])
def test_a_hostile_text_takes_no_longer_than_its_length(start: str, piece: str) -> None:
    started = time.process_time()
    owner_of(start + piece * LONGEST_CGROUP)
    # It takes up to 0.1 s; what grows with the square of the length takes minutes.
    assert time.process_time() - started < 5


def test_only_the_beginning_of_a_text_is_looked_at() -> None:
    assert owner_of("0::/" + "x/" * LONGEST_CGROUP + "a.service") == Owner()


def test_names_of_pods() -> None:
    folders = [
        f"default_web-1_{UID}",
        f"kube-system_etcd-node.example_{STATIC}",
        "no-pod",
        f"default_web_more_{STATIC}",
        f"Default_web_{STATIC}",
        f"default__{STATIC}",
        f"default_we\n_{STATIC}",
        f"default_web_{STATIC}\n",
        f"{'d' * 64}_web_{STATIC}",
    ]
    assert pods_of(folders) == {UID: "default/web-1", STATIC: "kube-system/etcd-node.example"}


FULL = Names(Owner(UID, ID, "web", "containerd", "x.service"), "default/web-1", "blue", "nginx")


@pytest.mark.parametrize(
    ("names", "pid", "name"),
    [
        (FULL, 7, "pod default/web-1"),
        (FULL._replace(pod=None), 7, f"pod {UID} container a1a1a1a1a1a1"),
        (Names(Owner(UID)), 7, f"pod {UID}"),
        (FULL._replace(pod=None, owner=DOCKER), 7, "docker container a1a1a1a1a1a1"),
        (Names(Owner(container=ID)), 7, "container a1a1a1a1a1a1"),
        (FULL._replace(pod=None, owner=Owner(machine="web", unit="x.service")), 7, "machine web"),
        (FULL._replace(pod=None, owner=Owner(unit="x.service")), 7, "netns blue"),
        (Names(Owner(unit="x.service"), process="nginx"), 7, "unit x.service"),
        (Names(process="nginx"), 7, "process nginx (7)"),
        (Names(), 7, "process ? (7)"),
        (Names(), None, "net:[5]"),
    ],
)
def test_the_name_that_says_most(names: Names, pid: int | None, name: str) -> None:
    assert best_name(names, 5, pid) == name


@pytest.mark.parametrize(
    ("owner", "around", "left"),
    [
        (CONTAINERD, CONTAINERD, CONTAINERD._replace(pod_uid=None)),
        (CONTAINERD, Owner(UID), CONTAINERD._replace(pod_uid=None)),
        (CONTAINERD, Owner(STATIC), CONTAINERD),
        (PODMAN._replace(unit="nginx.service"), PODMAN, Owner(unit="nginx.service")),
        (DOCKER, Owner(container=OTHER_ID, runtime="podman"), DOCKER),
        (Owner(machine="web", runtime="lxc", unit="a.service"), Owner(machine="web", runtime="lxc"), Owner(unit="a.service")),
        (Owner(unit="a.service"), Owner(unit="a.service"), Owner()),
        (Owner(unit="a.service"), Owner(), Owner(unit="a.service")),
        (CONTAINERD, None, CONTAINERD),
    ],
)
def test_what_an_owner_still_says_inside_of_a_namespace(owner: Owner, around: Owner | None, left: Owner) -> None:
    assert inside(owner, around) == left


def test_namespaces_of_one_name_are_told_apart() -> None:
    named = [(1, "unit x.service"), (2, "pod a/b"), (3, "unit x.service"), (4, "net:[4]")]
    assert distinct_names(named) == {1: "unit x.service net:[1]", 2: "pod a/b", 3: "unit x.service net:[3]", 4: "net:[4]"}
