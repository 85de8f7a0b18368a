# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page in Debian's Chromium, without a screen and without a network."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium")
MISSING = "chromium is missing (Debian's package chromium)"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    # What the browser wants to know of its maker's servers is none of a test's business.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def dump(address: str, folder: Path, *flags: str) -> str:
    """Return the document that the browser has made of the page at address once it was loaded; folder is for the browser's own files."""
    profile = folder / "profile"
    shutil.rmtree(profile, ignore_errors=True)
    command = [PROGRAM or "", *FLAGS, f"--user-data-dir={profile}", *flags, "--dump-dom", address]
    done = subprocess.run(command, env={**os.environ, "HOME": str(folder)}, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def requested(log: Path) -> set[str]:
    """The addresses that pages asked for, from the log that the browser writes with --log-net-log; not those that it asks for by itself."""
    text = log.read_text("utf-8", "replace").rstrip().rstrip(",")
    events: list[dict[str, Any]] = json.loads(text if text.endswith("}") else text + "]}")["events"]
    requests = [event["params"] for event in events if "url" in event.get("params", {})]
    return {request["url"] for request in requests if request.get("initiator", "not an origin") != "not an origin"}


class _Folder(http.server.SimpleHTTPRequestHandler):
    """The files of a folder. A page that takes its time holds back its own end with an image "/end" until it asks for "/done"."""

    done: threading.Event

    def do_GET(self) -> None:
        if self.path == "/done":
            self.done.set()
        if self.path in ("/done", "/end"):
            self.done.wait(300)
            self.send_error(404)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's files on a loopback port, for pages that look at each other."""
    handler = type("Served", (_Folder,), {"done": threading.Event()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
