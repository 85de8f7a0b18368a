# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What connection tracking and the firewall do to the addresses and ports of a live host's connections."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

from .._tree import errno_name
from ._conntrack import snat_uses
from ._firewall import NatRules, has_iptables_rules, of_iptables, of_nft
from ._snat_ranges import count

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import Nat

MAX_RULES_BYTES = 16 << 20
PATIENCE_SECONDS = 10
# Not those of the environment: the module often runs as root.
FOLDERS = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin"


def look_closer(nat: Nat, ipvs: bool, top: int) -> list[str]:
    """Fill in what is NATed. Returns sentences about what could not be seen. ipvs, top: as for look() of _nat."""
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
        if tally is not None and nat["snat"]:
            more += count(tally, nat["snat"], rules.pools)
    return not_seen + more


def _rules() -> tuple[NatRules | None, str | None, list[str]]:
    """The firewall's rules, what listed them, and sentences about what could not be seen."""
    found: list[tuple[str, NatRules]] = []
    problems: list[str] = []
    translated = False
    if _may_ask_nf_tables():
        text, problem = _output(_tool("nft"), "-j", "list", "ruleset")
        rules = None if text is None else of_nft(text)
        if rules is not None:
            found.append(("nft", rules))
        # Rules that iptables made are in nft's list, but not what they do.
        translated = rules is None or has_iptables_rules(text or "")
        problems += [problem or "nft answered something else than JSON"] if rules is None else []
    # A host may have rules of both kinds of iptables at a time.
    for family, names in (("iptables", "/proc/net/ip_tables_names"), ("ip6tables", "/proc/net/ip6_tables_names")):
        for kind, wanted in (("nft", translated), ("legacy", "nat" in _words(names))):
            text, problem = _output(_save_tool(family, kind), "-t", "nat") if wanted else (None, "")
            if text is not None:
                found.append(("iptables-save", of_iptables(text)))
                problems = [] if kind == "nft" else problems
            elif wanted and not (family == "ip6tables" and kind == "nft"):
                problems.append(problem)
    if problems or not found:
        return None, None, [f"The firewall's rules were not read: {problems[0] if problems else 'no tool for them is in use here'}."]
    rules = NatRules()
    for _source, one in found:
        rules.add(one)
    return rules, found[-1][0], []


def _may_ask_nf_tables() -> bool:
    """Whether nft would load no kernel module: nf_tables is loaded, or built in as connection tracking is (which is in use here)."""
    modules = _words("/proc/modules")
    return "nf_tables" in modules or "nf_conntrack" not in modules


def _words(path: str) -> set[str]:
    """The first word of each line of a file; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            return {line.split(None, 1)[0] for line in lines if line.strip()}
    except OSError:
        return set()


def _tool(name: str) -> str:
    """Where the program is, or its name."""
    return shutil.which(name, path=FOLDERS) or name


def _save_tool(family: str, kind: str) -> str:
    """The program that lists the rules of one kind of iptables, "nft" or "legacy". One of the other kind would load kernel modules."""
    for name in (f"{family}-{kind}-save", f"{family}-save"):
        path = shutil.which(name, path=FOLDERS)
        if path and ("nft" in os.path.basename(os.path.realpath(path))) == (kind == "nft"):
            return path
    return f"{family}-{kind}-save"


def _output(*command: str) -> tuple[str | None, str]:
    """What a command prints, None where that is not known, and why."""
    name = os.path.basename(command[0])
    environment = {"PATH": FOLDERS, "LC_ALL": "C"}
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    except OSError as error:
        return None, f"{name} could not be started ({errno_name(error)})"
    late = threading.Timer(PATIENCE_SECONDS, process.kill)
    late.start()
    data = b""
    try:
        with process:
            data = process.stdout.read(MAX_RULES_BYTES + 1) if process.stdout else b""
            if len(data) > MAX_RULES_BYTES:
                process.kill()
    finally:
        late.cancel()
    if len(data) > MAX_RULES_BYTES:
        return None, f"{name} printed more than {MAX_RULES_BYTES >> 20} MiB"
    if process.returncode:
        return None, f"{name} failed or took longer than {PATIENCE_SECONDS} s (exit code {process.returncode})"
    return data.decode("utf-8", "replace"), ""
