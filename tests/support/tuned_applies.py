# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets TuneD's own code load a profile and apply its sysctl sections, where it cannot touch this machine.

Run it as `unshare -n -m python3 tuned_applies.py ROOT NAME REAPPLY KEY...`, with TuneD's packages in PYTHONPATH: it takes the files of
ROOT for the host's own, and prints the raw values of the keys before and after, as JSON. For the interpreter that TuneD is made for.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d")


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def isolate(root: str) -> None:
    mount("--bind", "/proc/sys", "/proc/sys")
    mount("-o", "remount,ro,bind", "/proc/sys")
    mount("--bind", "/proc/sys/net", "/proc/sys/net")
    mount("-o", "remount,rw,bind", "/proc/sys/net")
    mount("-t", "tmpfs", "tmpfs", "/run")
    mount("-t", "tmpfs", "tmpfs", "/etc/sysctl.d")
    for folder in FOLDERS:
        os.makedirs(folder, exist_ok=True)
        if os.path.isdir(root + folder):
            shutil.copytree(root + folder, folder, dirs_exist_ok=True)
    main = root + "/etc/sysctl.conf"
    Path("/run/main").write_text(Path(main).read_text() if os.path.exists(main) else "")
    if os.path.exists("/etc/sysctl.conf"):
        mount("--bind", "/run/main", "/etc/sysctl.conf")
    elif os.path.exists(main):
        raise SystemExit("no /etc/sysctl.conf to put a file over")


def raw(keys: list[str]) -> dict[str, str]:
    return {key: Path("/proc/sys/" + key.replace(".", "/")).read_text().strip() for key in keys}


def apply(root: str, name: str, reapply: bool) -> None:
    modules = ("plugins.plugin_sysctl", "profiles.factory", "profiles.loader", "profiles.locator", "profiles.merger", "profiles.variables")
    sysctl, factory, loader, locator, merger, variables_ = (importlib.import_module(f"tuned.{name}") for name in modules)
    variables = variables_.Variables()
    folders = locator.Locator([f"{root}/usr/lib/tuned", f"{root}/etc/tuned"])
    profile = loader.Loader(folders, factory.Factory(), merger.Merger(), None, variables).load(name)
    plugin = sysctl.SysctlPlugin.__new__(sysctl.SysctlPlugin)
    plugin._cmd = importlib.import_module("tuned.utils.commands").commands()
    plugin._variables = variables
    plugin._storage = SimpleNamespace(set=lambda key, value: None)
    plugin._storage_key = lambda instance_name: instance_name
    plugin._global_cfg = SimpleNamespace(get_bool=lambda key, default=None: reapply)
    for unit in profile.units.values():
        if unit.type == "sysctl" and unit.enabled:
            instance = SimpleNamespace(name=unit.name, _sysctl=unit.options, _sysctl_original={})
            plugin._instance_apply_static(instance)


def main(root: str, name: str, reapply: str, keys: list[str]) -> None:
    isolate(root)
    before = raw(keys)
    apply(root, name, reapply == "1")
    print(json.dumps([before, raw(keys)]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
