# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the model says of a TuneD profile against what TuneD's own code makes of it, in a namespace (support.tuned_applies)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import boot, last_words
from support import tuned_applies
from support.boot_trees import boot_tree
from support.debian_packages import unpacked

SCRIPT = Path(tuned_applies.__file__)
PYTHON = "/usr/bin/python3"
SACK, SYN, FIN, RMEM = "net.ipv4.tcp_sack", "net.ipv4.tcp_syn_retries", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem"
RANGE = "net.ipv4.ip_local_port_range"
KEYS = (SACK, SYN, FIN, RMEM, RANGE)
WEB, BASE, MINE = "/usr/lib/tuned/web/tuned.conf", "/usr/lib/tuned/base/tuned.conf", "/etc/tuned/web/tuned.conf"

# fmt: off
TREES: dict[str, dict[str, str]] = {
    "one key": {WEB: f"[sysctl]\n{SACK}=0\n"},
    "quotes": {WEB: f'[sysctl]\n{RMEM}="4096 87380 16777216"\n{SACK}=\'0\'\n'},
    "comments": {WEB: f"# a\n; b\n[sysctl]\n#{SACK}=0\n{FIN}=9 # c\n{SYN} = 3#4\n"},
    "slashes": {WEB: "[sysctl]\nnet/ipv4/tcp_sack=0\nnet/ipv4.tcp_fin_timeout=9\n"},
    "twice": {WEB: f"[sysctl]\n{SACK}=0\n{SACK}=1\n"},
    "two sections of one name": {WEB: f"[sysctl]\n{SACK}=0\n[x]\n[sysctl]\n{FIN}=9\n"},
    "a section of another name": {WEB: f"[sysctl]\n{SACK}=0\n[more]\ntype=sysctl\n{FIN}=9\n{SACK}=1\n"},
    "a section for another plug-in": {WEB: f"[sysctl]\ntype=sysfs\n{SACK}=0\n"},
    "off": {WEB: f"[sysctl]\nenabled=false\n{SACK}=0\n"},
    "more": {WEB: f"[sysctl]\n{FIN}=>70\n{SYN}=>2\n"},
    "less": {WEB: f"[sysctl]\n{FIN}=<70\n{SYN}=<2\n"},
    "a variable": {WEB: f"[variables]\nx=9\ny=${{x}}0\n[sysctl]\n{FIN}=${{y}}\n"},
    "refused": {WEB: f"[sysctl]\n{SACK}=x\n{RANGE}=500 65535\n{FIN}=9\n"},
    "a range": {WEB: f"[sysctl]\n{RANGE}=2000 65000\n"},
    "no pattern": {WEB: "[sysctl]\nnet.ipv4.tcp_s*=0\n-net.ipv4.tcp_sack=0\n"},
    "include": {WEB: f"[main]\ninclude=base\n[sysctl]\n{SACK}=0\n", BASE: f"[sysctl]\n{SACK}=1\n{FIN}=9\n"},
    "include, replace": {WEB: f"[main]\ninclude=base\n[sysctl]\nreplace=1\n{SACK}=0\n", BASE: f"[sysctl]\n{FIN}=9\n"},
    "include, drop": {WEB: f"[main]\ninclude=base\n[sysctl]\ndrop={FIN}\n{SACK}=0\n", BASE: f"[sysctl]\n{FIN}=9\n{SYN}=3\n"},
    "include, off": {WEB: f"[main]\ninclude=base\n[sysctl]\nenabled=0\n{SACK}=0\n", BASE: f"[sysctl]\n{FIN}=9\n"},
    "include, on again": {WEB: f"[main]\ninclude=base\n[sysctl]\n{SACK}=0\n", BASE: f"[sysctl]\nenabled=0\n{FIN}=9\n"},
    "include of its own name": {MINE: f"[main]\ninclude=web\n[sysctl]\n{SACK}=0\n", WEB: f"[sysctl]\n{FIN}=9\n{SACK}=1\n"},
    "include, variables": {WEB: "[main]\ninclude=base\n[variables]\nx=9\n", BASE: f"[variables]\nx=8\n[sysctl]\n{FIN}=${{x}}\n"},
    "include that may be missing": {WEB: f"[main]\ninclude=-none, base\n[sysctl]\n{SACK}=0\n", BASE: f"[sysctl]\n{FIN}=9\n"},
    "sysctl.d": {WEB: f"[sysctl]\n{SACK}=0\n{FIN}=9\n", "/etc/sysctl.d/50.conf": f"{SACK} = 1\n{SYN} = 4\n"},
    "sysctl.d, /run is stronger": {
        WEB: f"[sysctl]\n{FIN}=9\n", "/etc/sysctl.d/50.conf": f"{SYN} = 4\n", "/run/sysctl.d/50.conf": f"{SYN} = 3\n"
    },
    "sysctl.d, order": {
        WEB: f"[sysctl]\n{FIN}=9\n", "/etc/sysctl.d/50.conf": f"{SYN} = 4\n", "/run/sysctl.d/60.conf": f"{SYN} = 3\n"
    },
    "sysctl.d, dashes and patterns": {WEB: f"[sysctl]\n{FIN}=9\n", "/etc/sysctl.d/50.conf": f"-{SYN} = 4\nnet.ipv4.tcp_s?ck = 0\n"},
    "sysctl.d, hidden": {WEB: f"[sysctl]\n{FIN}=9\n", "/etc/sysctl.d/.50.conf": f"{SYN} = 4\n"},
    "sysctl.conf": {WEB: f"[sysctl]\n{FIN}=9\n", "/etc/sysctl.conf": f"{SYN} = 4\n", "/etc/sysctl.d/50.conf": f"{SYN} = 3\n"},
    "no section for sysctl": {WEB: "[sysfs]\nx=9\n", "/etc/sysctl.d/50.conf": f"{SYN} = 3\n"},
}
# fmt: on


@pytest.mark.parametrize("reapply", [0, 1])
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES.keys())
def test_trees(tmp_path: Path, tree: dict[str, str], reapply: int) -> None:
    modules = unpacked("tuned") / "usr/lib/python3/dist-packages"
    if shutil.which("unshare") is None or not os.access(PYTHON, os.X_OK) or os.geteuid():
        pytest.skip(f"needs root, unshare(1) and {PYTHON}")
    main = {"/etc/tuned/active_profile": "web\n", "/etc/tuned/tuned-main.conf": f"reapply_sysctl = {reapply}\n"}
    found = boot_tree(tmp_path, {**main, **tree})
    command = ["unshare", "-n", "-m", PYTHON, str(SCRIPT), str(tmp_path), "web", str(reapply), *KEYS]
    environment = {"PYTHONPATH": str(modules), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    if "No module named" in done.stderr:
        pytest.skip(f"TuneD does not run here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    ends = last_words(boot(found, ["tuned"], [], before))
    assert {**before, **{key: end.raw for key, end in ends.items() if key in KEYS}} == after
