# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A target whose Python is too old: found out from a module that died there, and said in one sentence."""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible.release import __version__ as core_version

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def needed_python(core: str) -> tuple[int, int]:
    """The oldest Python of a target, for a version of ansible-core. The collection needs 3.8."""
    release = tuple(int(number) for number in re.findall(r"\d+", core)[:2])
    return (3, 9) if release >= (2, 20) else (3, 8)


def too_old(action: ActionBase, answer: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """A failure that says so where the target's Python is too old to run the module; else None.

    An old Python dies of a syntax error or a missing name, which differs by Python and by ansible-core. So the target is asked
    for its version, but only after the module died, or ansible-core refused to start it.
    """
    died = "module_stderr" in answer or re.search(r"requires (a minimum of )?Python", str(answer.get("msg")))
    interpreter = str(action._used_interpreter or "").lstrip("#!").strip()
    if not answer.get("failed") or not died or not interpreter:
        return None
    script = "import sys; print('Python %d.%d.%d' % sys.version_info[:3])"
    asked = action._low_level_execute_command(f"{interpreter} -c {shlex.quote(script)}")  # type: ignore[no-untyped-call]
    printed = re.search(r"^Python ((\d{1,2})\.(\d{1,3})\.\d{1,3})\r?$", str(asked.get("stdout")), re.MULTILINE)
    needed = needed_python(core_version)
    if not printed or (int(printed[2]), int(printed[3])) >= needed:
        return None
    why = "Python 3.8 or newer is needed (3.9 from ansible-core 2.20 on)"
    if needed > (3, 8):
        why = f"Python {needed[0]}.{needed[1]} or newer is needed (with ansible-core older than 2.20: 3.8)"
    message = (
        f"{interpreter} is Python {printed[1]}, which is too old: {why}."
        " Set ansible_python_interpreter to a newer Python, or use capture_tcp.yml, which needs none"
    )
    return {"failed": True, "changed": False, "msg": message}
