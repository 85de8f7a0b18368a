# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import MAX_CONFIRM_SECONDS
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import DIRECTORIES
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_profile
from support.transactions import BOOT_FILE, SETTINGS, Host

Run = t.Callable[..., t.Dict[str, t.Any]]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A folder that the module takes for the host."""
    host = Host.made(tmp_path / "host")
    monkeypatch.setattr(tcp_profile, "Disk", lambda: Disk(host.root))
    return host


def test_apply_and_take_back(host: Host, run_module: Run) -> None:
    pristine = host.state()
    rehearsed = run_module(tcp_profile.main, name="client_host", settings=SETTINGS, _ansible_check_mode=True)
    assert host.state() == pristine
    done = run_module(tcp_profile.main, name="client_host", settings=SETTINGS)
    assert {**done, "invocation": None} == {**rehearsed, "invocation": None}
    assert done["changed"]
    assert done["boot_file"] == {"path": BOOT_FILE, "changed": True}
    assert not run_module(tcp_profile.main, name="client_host", settings=SETTINGS)["changed"]
    assert run_module(tcp_profile.main, name="client_host", state="absent")["changed"]
    assert host.state() == pristine


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name"),
        ({"name": "x"}, "settings is required"),
        ({"name": "x", "settings": {"net.ipv4.tcp_tw_reuse": True}}, "net.ipv4.tcp_tw_reuse: true is a YAML boolean"),
        ({"name": "x", "settings": {"net.ipv4.tcp_tw_reuse": 7}}, "net.ipv4.tcp_tw_reuse: 7 is not between 0 and 2. Nothing was changed."),
        ({"name": "x", "settings": {}, "scope": "all"}, "scope"),
        ({"name": "x", "settings": {}, "boot_file": "/tmp/x.conf"}, "boot_file"),
        ({"name": "x", "confirm": "7f3c"}, "No change is waiting for the confirmation token '7f3c'"),
    ],
)
def test_bad_options_are_named(host: Host, run_module: Run, options: dict[str, object], message: str) -> None:
    before = host.state()
    result = run_module(tcp_profile.main, **options)
    assert result["failed"]
    assert message in result["msg"]
    assert host.state() == before


def test_a_warning_is_spoken_and_not_returned_twice(host: Host, run_module: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, sentence: spoken.append(sentence))
    host.write("/proc/net/netstat", "TcpExt: TWRecycled\nTcpExt: 7\n")
    settings = {"net.ipv4.tcp_timestamps": 0}
    run_module(tcp_profile.main, name="x", settings={**settings, "net.ipv4.tcp_tw_reuse": 7})
    assert not spoken
    assert "warnings" not in run_module(tcp_profile.main, name="x", settings=settings)
    assert [sentence[:29] for sentence in spoken] == ["tcp_timestamps goes to 0, and"]


@pytest.mark.parametrize("key", ["net.ipv4.tcp_fastopen_key", "net.ipv6.conf.lo.stable_secret"])
def test_a_secret_that_is_refused_is_not_shown(host: Host, run_module: Run, key: str) -> None:
    result = run_module(tcp_profile.main, name="x", settings={key: "12345678-9abcdef0"})
    assert f"'{key}' holds a secret" in result["msg"]
    assert "12345678" not in str(result)


def test_everything_that_is_returned_is_documented(host: Host, run_module: Run) -> None:
    host.write("/etc/sysctl.d/zz.conf", "net.ipv4.tcp_tw_reuse = 0\n")
    returned = yaml.safe_load(tcp_profile.RETURN)
    result = run_module(tcp_profile.main, name="client_host", settings=SETTINGS)
    assert set(result) - {"invocation", "changed", "diff"} == set(returned) - {"msg"}
    assert set(result["settings"][0]) == set(returned["settings"]["contains"])
    assert set(result["conflicts"][0]) == set(returned["conflicts"]["contains"])
    statuses = str(returned["settings"]["contains"]["status"]["description"])
    for status in ("changed", "ok", "absent", "read_only", "refused", "not_verified", "left_alone"):
        assert f"V({status})" in statuses


def test_the_documented_bounds_are_the_real_ones() -> None:
    options = yaml.safe_load(tcp_profile.DOCUMENTATION)["options"]
    assert f"V({MAX_CONFIRM_SECONDS})" in str(options["confirm_seconds"]["description"])
    for folder in DIRECTORIES:
        assert f"C({folder})" in str(options["boot_file"]["description"])
