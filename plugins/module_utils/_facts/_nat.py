# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What connection tracking and the firewall do to the addresses and ports of a live host's connections."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from .._tree import errno_name
from ._conntrack import snat_uses
from ._firewall import NatRules, has_iptables_rules, of_iptables, of_nft

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Nat

MAX_RULES_BYTES = 16 << 20
_PATIENCE_SECONDS = 10
# Where a module's PATH lacks them.
_FOLDERS = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin"


def look(tracked: int, ipvs: bool, top: int) -> tuple[Nat, list[str]]:
    """What is NATed, and sentences about what could not be seen.

    tracked: entries of connection tracking (nf_conntrack_count). With none, nothing is NATed, and no program is started: a tool that
    lists rules may load kernel modules. ipvs: whether /proc/net/ip_vs lists services. top: how many groups to name.
    """
    nat: Nat = {
        "snat": [],
        "snat_entries": 0,
        "error_bound": 0,
        "complete": True,
        "pools": None,
        "dnat": None,
        "rules_from": None,
        "kubernetes": ipvs or None,
    }
    if not tracked:
        return nat, []
    tally, not_seen = snat_uses(top)
    if tally is None:
        nat["snat"] = None
    else:
        nat["snat"], nat["snat_entries"] = tally.result(top), tally.entries
        nat["error_bound"], nat["complete"] = tally.error_bound, tally.done and not tally.damaged
    rules, source, more = _rules()
    if rules is not None:
        nat["pools"], nat["dnat"], nat["rules_from"] = rules.pools, rules.dnat, source
        nat["kubernetes"] = rules.kubernetes or ipvs
    return nat, not_seen + more


def _rules() -> tuple[NatRules | None, str | None, list[str]]:
    """The firewall's rules, what listed them, and sentences about what could not be seen."""
    nft, iptables = (shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_FOLDERS}") for name in ("nft", "iptables-save"))
    text, problem = _output([nft, "-j", "list", "ruleset"]) if nft else (None, "there is no nft")
    if text is not None and not has_iptables_rules(text):
        rules = of_nft(text)
        return (
            rules,
            "nft" if rules else None,
            [] if rules else ["The firewall's rules were not read: nft answered something else than JSON."],
        )
    if iptables:
        # Rules that iptables made are in nft's list, but not what they do.
        text, problem = _output([iptables, "-t", "nat"])
        if text is not None:
            return of_iptables(text), "iptables-save", []
    return None, None, [f"The firewall's rules were not read: {problem}."]


def _output(command: list[str]) -> tuple[str | None, str]:
    """What a command prints, None where that is not known, and why."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
            check=False,
            env={"PATH": _FOLDERS, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return None, f"{os.path.basename(command[0])} did not end within {_PATIENCE_SECONDS} s"
    except OSError as error:
        return None, f"{os.path.basename(command[0])} could not be started ({errno_name(error)})"
    if done.returncode:
        return None, f"{os.path.basename(command[0])} failed (exit code {done.returncode})"
    if len(done.stdout) > MAX_RULES_BYTES:
        return None, f"{os.path.basename(command[0])} printed more than {MAX_RULES_BYTES >> 20} MiB"
    return done.stdout.decode("utf-8", "replace"), ""
