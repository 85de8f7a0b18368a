# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C while scenarios run: their containers are removed, with a real container and a stand-in for molecule."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from containers import engine
from support.container_image import image

from scripts.tree import ROOT

# A scenario that boots a host, one more after it, and never ends.
ENDLESS = """
import os, subprocess, sys, time
from scripts import check, estimate, scenarios
from pathlib import Path

estimate.LAST_RUN = Path(sys.argv[1], "seconds.json")
HOSTS = "for host in one two; do {python} -m containers start {prefix}$host || exit; done; sleep 1000"


def start(name, image, prefix):
    environment = {**os.environ, "PYTHONPATH": "tests", "CONTAINER_IMAGE": image}
    command = ["sh", "-c", HOSTS.format(python=sys.executable, prefix=prefix)]
    return scenarios.Run(subprocess.Popen(command, env=environment, start_new_session=True), time.monotonic())


scenarios.start = start
scenarios.step = lambda name: "starting"
os.environ["ARGS"] = "default"
sys.exit(check.main(["molecule"]))
"""


def own(pid: int) -> list[str]:
    return [name for name in engine.own_names() if name.startswith(f"tcp-test-{pid}-")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("hosts", [1, 2], ids=["while-one-boots", "while-both-are-there"])
def test_a_stopped_run_leaves_no_container(tmp_path: object, number: signal.Signals, hosts: int) -> None:
    name = image()
    if not shutil.which("nft"):
        pytest.skip("needs nftables")
    run = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "CONTAINER_IMAGE": name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        while len(own(run.pid)) < hosts:
            assert run.poll() is None, run.communicate()
            time.sleep(0.05)
        os.killpg(run.pid, number)
        output, _errors = run.communicate(timeout=120)
    finally:
        run.kill()
        left = own(run.pid)
        engine.remove(f"tcp-test-{run.pid}-")

    assert left == []
    assert run.returncode == 130, output
    assert "Traceback" not in output
