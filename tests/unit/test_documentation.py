# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is documented is what is there."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_audit, tcp_audit_assert, tcp_harden_table, tcp_report
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._capacity import (
    GENEROUS_BUCKETS,
    TIME_WAIT_BYTES,
    TIME_WAIT_SECONDS,
    WIDE_RANGE,
    Load,
    capacity,
    gains,
    usable_ports,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE, Thresholds
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._saved import folded
from support.snapshots import snapshot

from scripts import docs

ROOT = Path(__file__).resolve().parents[2]
ACTIONS: dict[str, t.Any] = {
    "tcp_audit": tcp_audit,
    "tcp_harden_table": tcp_harden_table,
    "tcp_report": tcp_report,
    "tcp_audit_assert": tcp_audit_assert,
}


def documented(module: str, part: str) -> t.Any:
    """DOCUMENTATION, EXAMPLES or RETURN of a module."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == part:
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no {part}")


def test_the_rules_page_is_current() -> None:
    assert docs.PAGE.read_text(encoding="utf-8") == docs.page(), "docs/rules.md is stale: run make docs"


def test_the_rules_page_has_a_section_for_every_rule() -> None:
    headings = set(re.findall(r"^### (\S+)$", docs.page(), flags=re.M))
    assert headings == set(CATALOGUE)


def test_every_claim_that_a_rule_cites_is_on_the_page_of_claims() -> None:
    claims = set(re.findall(r'<a id="(d\d+)">', (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")))
    cited = {claim.lower() for rule in CATALOGUE.values() for claim in rule.claims}
    assert claims == {f"d{number}" for number in range(1, 21)}
    assert cited <= claims


def claims_table() -> dict[str, list[set[str]]]:
    """By claim: the rules, cures, role values and experiments that the page names."""
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(D\d+)\]\(#d\d+\) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", page, flags=re.M)
    return {claim: [_ids(cell) for cell in cells] for claim, *cells in rows}


def _ids(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell)) or set(re.findall(r"\b\d+\b", cell))


def test_the_page_of_claims_names_what_each_claim_became() -> None:
    table = claims_table()
    assert list(table) == [f"D{number}" for number in range(1, 21)]
    for claim, (rules, cures, keys, experiments) in table.items():
        assert rules == {rule.id for rule in CATALOGUE.values() if claim in rule.claims} or claim == "D8", claim
        assert cures == {cure.id for cure in CURES.values() if claim in cure.claims}, claim
        assert keys <= set(SYSCTL_KEYS), claim
        lab = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
        sections = re.split(r"^## ", lab, flags=re.M)
        shown = {part.split(" ", 1)[0] for part in sections if re.search(rf"^\*\*Claims?\*\*.*\[{claim}\]", part, flags=re.M)}
        assert experiments == shown, claim


@pytest.mark.parametrize("claim", ["D2", "D7", *(f"D{number}" for number in (9, 10, 11, *range(16, 21)))])
def test_no_claim_is_lost(claim: str) -> None:
    assert any(claims_table()[claim])


def test_every_rule_is_reachable_from_a_symptom_and_no_other() -> None:
    page = (ROOT / "docs" / "symptoms.md").read_text(encoding="utf-8")
    rows = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    rows = [row for row in rows if row[0] != "you see"]
    assert {len(row) for row in rows} == {5}
    named = {rule for row in rows for rule in re.findall(r"`([a-z0-9-]+)`", row[2])}
    assert named == set(CATALOGUE)
    assert {cure for row in rows for cure in re.findall(r"`([a-z0-9-]+)`", row[3])} <= set(CURES)


def test_the_readme_names_rules_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text[text.index("## What it finds") : text.index("## What would help")]
    assert set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", table)) <= set(CATALOGUE)


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=list(CATALOGUE))
def test_a_rule_says_all_that_a_person_needs(rule: t.Any) -> None:
    assert all(len(text) > 15 for text in (rule.title, rule.rationale, rule.remedy, rule.waiver_advice))
    assert rule.claims or rule.references or rule.id == "waiver-expired"


@pytest.mark.parametrize("module", ACTIONS)
def test_an_action_takes_the_options_that_its_module_documents(module: str) -> None:
    options = documented(module, "DOCUMENTATION")["options"]
    taken = ACTIONS[module].ActionModule.ARGUMENTS
    assert set(options) == set(taken)
    for name, option in options.items():
        assert option.get("type", "str") == taken[name]["type"], name
        assert option.get("required", False) == taken[name].get("required", False), name
        assert option.get("default") == taken[name].get("default"), name
        assert set(option.get("choices", [])) == set(taken[name].get("choices", [])), name


def test_every_threshold_is_documented_with_its_default() -> None:
    suboptions = documented("tcp_audit", "DOCUMENTATION")["options"]["thresholds"]["suboptions"]
    defaults = {field.name: field.default for field in dataclasses.fields(Thresholds)}
    assert set(suboptions) == set(defaults)
    for name, option in suboptions.items():
        assert f"V({defaults[name]}) when left out" in option["description"][0], name


def test_everything_that_an_audit_returns_is_documented() -> None:
    returned = documented("tcp_audit", "RETURN")
    audited = audit(snapshot(), "web1", AuditOptions(profile="any", today=datetime.date(2026, 11, 21)))
    assert set(returned) == {*folded(audited), "msg"}
    assert set(returned["results"]["contains"]) == set(audited["results"][0])
    assert set(returned["summary"]["contains"]) == set(audited["summary"])
    assert set(returned["capacity"]["contains"]) == set(audited["capacity"])
    assert set(returned["advice"]["contains"]) == set(audited["advice"][0])


def test_the_worked_example_has_the_models_numbers() -> None:
    text = (ROOT / "docs" / "advice.md").read_text(encoding="utf-8")
    target = 5000
    loads = {
        "nothing changed": Load(28232, target_rate=target),
        "49152 ports (`wider-range`)": Load(usable_ports(*WIDE_RANGE), target_rate=target),
        "one destination more": Load(28232, destinations=2, target_rate=target),
        "11 destinations, or 11 source addresses": Load(28232, destinations=11, target_rate=target),
        "`reuse`, timestamps at both ends": Load(28232, reuse_delay=1.0, target_rate=target),
        "`reuse` and 49152 ports": Load(49152, reuse_delay=1.0, target_rate=target),
        "`peer-closes-first`": Load(28232, holder="server", target_rate=target),
    }
    for name, load in loads.items():
        found = capacity(load)
        rate = "no limit by TIME_WAIT" if found.rate is None else f"{found.rate:,.1f}"
        met = "yes" if found.target_met else f"ports are gone after {found.exhausted_after:.1f} s"
        assert f"| {name} | {rate} | {found.binds or 'nothing'} | {met} |" in text

    needed = gains(loads["nothing changed"])
    assert {needed[cure].needed for cure in ("keep-alive", "more-destinations", "more-sources")} == {11}
    requests = (capacity(Load(28232)).rate or 0) * 11
    assert f"| `keep-alive`, 11 requests in each connection | {requests:,.1f} requests | ports | yes |" in text

    reused = capacity(loads["`reuse`, timestamps at both ends"])
    assert f"at most {reused.time_wait} TIME_WAIT sockets, which take {(reused.memory_bytes or 0) / 1e6:.1f} MB" in text
    peer = target * TIME_WAIT_SECONDS
    flat = " ".join(text.split())
    assert f"{peer} of them, {peer * TIME_WAIT_BYTES / 1e6:.1f} MB" in flat
    limit = capacity(Load(65535, destinations=1000, bucket_limit=GENEROUS_BUCKETS))
    assert limit.binds == "buckets"
    assert f"a `tcp_max_tw_buckets` of {GENEROUS_BUCKETS} lasts for {limit.rate:,.1f} per second" in flat


def test_the_guide_names_every_cure_and_no_other() -> None:
    text = (ROOT / "docs" / "advice.md").read_text(encoding="utf-8")
    table = text[text.index("## From evidence") : text.index("## How many")]
    assert set(CURES) <= set(re.findall(r"`([a-z0-9-]+)`", table))
    assert set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", table)) <= {*CURES, *CATALOGUE}
    claims = set(re.findall(r"\bD\d+\b", text)) | {claim for cure in CURES.values() for claim in cure.claims}
    assert claims <= {f"D{number}" for number in range(1, 21)}
