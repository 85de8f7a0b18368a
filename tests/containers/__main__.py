# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By hand, from the root of the checkout:

PYTHONPATH=tests python -m containers env       prepare engine and image, print what a shell needs: eval "$(…)"
PYTHONPATH=tests python -m containers start NAME [privileged|net_admin|unprivileged] [option of podman run ...]
PYTHONPATH=tests python -m containers restart NAME
PYTHONPATH=tests python -m containers remove PREFIX
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import redirect_stdout

from . import engine


def env() -> None:
    with redirect_stdout(sys.stderr):
        image = engine.prepare()
    for name, value in {"CONTAINERS_CONF": os.environ["CONTAINERS_CONF"], "CONTAINER_IMAGE": image}.items():
        print(f"export {name}={shlex.quote(value)}")


def start(name: str, *mode_and_options: str) -> None:
    engine.start(engine.prepare(), name, *mode_and_options)


def restart(name: str) -> None:
    engine.configure()
    engine.restart(name)


def remove(prefix: str) -> None:
    engine.configure()
    engine.remove(prefix)


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["env"]:
            env()
        elif arguments[:1] == ["start"] and len(arguments) > 1:
            start(*arguments[1:])
        elif arguments[:1] == ["restart"] and len(arguments) == 2:
            restart(arguments[1])
        elif arguments[:1] == ["remove"] and len(arguments) == 2:
            remove(arguments[1])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except engine.Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
