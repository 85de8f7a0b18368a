# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/prometheus: its alerts and its dashboard ask for nothing that the text files of a watch and of an audit do not have."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _watch_destinations as destinations
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _watch_textfile as textfile
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import _prometheus
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._variables import PLAYBOOK_VARIABLES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, sample, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_table import watched
from prometheus_client.parser import text_string_to_metric_families
from support.audits import audit, build, result, sample_audits
from support.promql import asked, promtool_path
from support.snapshots import UNTUNED, towards
from support.watched import NO_NAMESPACES, grown, observed

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "prometheus"
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((FOLDER / "dashboard.json").read_text())
QUERIES = {f"{panel['title']} ({target['refId']})": target["expr"] for panel in BOARD["panels"] for target in panel["targets"]}
EVERYTHING = {**{rule["alert"]: rule["expr"] for rule in RULES}, **QUERIES}
README = (FOLDER / "README.md").read_text()


promtool = pytest.fixture(promtool_path, scope="session")


def check(promtool: str, *arguments: str, cwd: Path = FOLDER) -> str:
    done = subprocess.run([promtool, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def watch_text() -> str:
    """The text file of a watch in which nothing is unknown: whatever a host can have is there."""
    keys = {**UNTUNED, "net.netfilter.nf_conntrack_count": "900", "net.netfilter.nf_conntrack_max": "1000"}
    keys["net.ipv4.tcp_max_tw_buckets"] = "10000"
    parts: dict[str, t.Any] = {"keys": keys, "namespaces": {"pod shop/cart": {"opened": 5}}}
    first = observed(ports_in_use=[towards(6000, 5000)], counted={"PAWSPassive": 1}, **parts)
    later = grown(ActiveOpens=5000, PassiveOpens=5000)
    second = observed(10, 9000, ports_in_use=[towards(10235, 9235)], counted={"PAWSPassive": 1, **later}, **parts)
    now = sample(second)
    namespaces = after_look(NO_NAMESPACES, taken(second), second["others"])
    state = {"measure": measure(sample(first), now), "sample": now, "namespaces": namespaces}
    return textfile.render(watched({"web1": state, "gone1": {"measure": None}}), 1_800_000_000.0)


def audit_text() -> str:
    return _prometheus.render(build([*sample_audits(), audit("web9", result("recycle-on", "critical"))], "t"))


def written() -> dict[str, dict[str, set[str]]]:
    """Each metric of both text files: the values of each of its labels."""
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(watch_text() + audit_text()):
        for one in family.samples:
            for name, value in one.labels.items():
                found.setdefault(one.name, {}).setdefault(name, set()).add(value)
    return found


WRITTEN = written()


def labels_of(query: str) -> set[str]:
    return set(itertools.chain.from_iterable(WRITTEN[name] for name in asked(query).metrics))


def test_the_texts_have_all_that_is_ever_written() -> None:
    families = {family.name for family in (*textfile.ABOUT_THE_WATCH, *textfile.FAMILIES)} | set(destinations.FAMILIES)
    own = set(re.findall(r'"(linux_tcp_audit_\w+)"', Path(_prometheus.__file__).read_text()))
    assert set(WRITTEN) == families | own


@pytest.mark.parametrize("query", EVERYTHING.values(), ids=EVERYTHING)
def test_each_metric_label_and_value_that_is_asked_for_is_written(query: str) -> None:
    found = asked(query)
    assert found.metrics
    assert found.metrics <= set(WRITTEN)
    assert found.groupings <= labels_of(query)
    for matcher in found.matchers:
        assert matcher.label in WRITTEN[matcher.metric]
        if "$" not in matcher.value:
            values = matcher.value.split("|") if "~" in matcher.operator else [matcher.value]
            assert set(values) <= WRITTEN[matcher.metric][matcher.label]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_says_what_is_wrong_and_ends_with_a_command(rule: dict[str, t.Any]) -> None:
    assert rule["labels"] == {"severity": rule["labels"]["severity"]}
    assert rule["labels"]["severity"] in ("critical", "warning")
    notes = rule["annotations"]
    assert set(notes) == {"summary", "description"}
    assert "\n" not in notes["summary"]
    # A line that ends so goes on in the next one.
    description = notes["description"].replace(" -}}\n:", " }}:")
    commands = [line for line in description.splitlines() if not line.startswith("{{")]
    assert commands[-2].endswith(":")
    assert commands[-1].split()[0] in ("ansible-playbook", "systemctl", "sysctl", "nstat", "ss")
    # What a host sent as the name of a container or of an interface is for reading, not for a shell.
    for command in commands:
        if command.split()[0] in ("ansible-playbook", "systemctl", "sysctl", "nstat", "ss"):
            assert set(re.findall(r"\$labels\.(\w+)", command)) <= {"host", "destination", "destination_port"}
    grouping = re.search(r"^sum by \(([^)]*)\)", rule["expr"])
    known = set(grouping[1].split(", ")) if grouping else labels_of(rule["expr"])
    assert set(re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["description"])) <= known


def test_promtool_takes_the_alerts(promtool: str) -> None:
    assert f"{len(RULES)} rules found" in check(promtool, "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")


def test_the_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    check(promtool, "test", "rules", "alerts_test.yml")
    cases = [case for test in yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == {rule["alert"] for rule in RULES}
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == {rule["alert"] for rule in RULES}


def test_promtool_takes_the_queries_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    """Each one as a rule: the promtool of Debian 12 takes no single query without a server."""
    queries = [query.replace("$__rate_interval", "5m").replace("$host", "web1") for query in QUERIES.values()]
    rules = [{"record": f"query{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(queries)} rules found" in check(promtool, "check", "rules", "--lint=none", "queries.yml", cwd=tmp_path)


def test_promtool_takes_both_text_files(promtool: str) -> None:
    for text in (watch_text(), audit_text()):
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=300)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_names_of_lines_are_labels_of_the_query() -> None:
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            grouping = re.search(r"\b(?:sum|max) by \(([^)]*)\)", target["expr"])
            known = set(grouping[1].split(", ")) if grouping else labels_of(target["expr"])
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= known, panel["title"]


def test_the_choice_of_hosts_is_one_of_written_names() -> None:
    (choice,) = (one for one in BOARD["templating"]["list"] if one["type"] == "query")
    names, label = re.fullmatch(r'label_values\(\{__name__=~"([^"]*)"\}, (\w+)\)', choice["query"]["query"]).groups()  # type: ignore[union-attr]
    assert all(label in WRITTEN[name] for name in names.split("|"))
    used = {name for query in QUERIES.values() for name in re.findall(r"\$(\w+)", query)}
    assert used == {choice["name"], "__rate_interval"}


def test_panels_have_their_own_places() -> None:
    taken_cells: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = set(itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])))
        assert not cells & taken_cells, panel["title"]
        taken_cells |= cells
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_the_guide_lists_every_alert() -> None:
    assert re.findall(r"^\| `(\w+)` \| (\w+) \|", README, re.M) == sorted(
        ((rule["alert"], rule["labels"]["severity"]) for rule in RULES),
        key=lambda one: README.index(f"| `{one[0]}` |"),
    )


def test_the_commands_that_people_copy_name_playbooks_and_variables_that_exist() -> None:
    commands = re.findall(r"linux_tcp\.hardening\.(\w+) (.*)", README)
    assert [playbook for playbook, _variables in commands] == ["watch_tcp", "audit_tcp"]
    for playbook, variables in commands:
        assert (ROOT / "playbooks" / f"{playbook}.yml").is_file()
        assert set(re.findall(r"-e (\w+)=", variables)) <= set(PLAYBOOK_VARIABLES)


def test_the_units_that_people_copy_are_units(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"`/etc/systemd/system/([\w.-]+)`:\n\n```ini\n(.*?)```", README, re.DOTALL))
    assert set(blocks) == {"linux-tcp-watch.service", "linux-tcp-audit.service", "linux-tcp-audit.timer"}
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze (Debian package systemd)")
    for name, text in blocks.items():
        # systemd-analyze looks for the programs, too.
        (tmp_path / name).write_text(re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", text, flags=re.M))
    paths = [str(tmp_path / name) for name in blocks]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False, timeout=300)
    assert [line for line in done.stderr.splitlines() if "linux-tcp" in line] == []
