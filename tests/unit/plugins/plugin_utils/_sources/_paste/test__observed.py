# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is seen later replaces what was seen before, and that is told."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._observed import Left, Observed, short_name
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._parts import Part

REUSE, COUNT = "net.ipv4.tcp_tw_reuse", "net.netfilter.nf_conntrack_count"


def test_the_last_value_counts_and_its_blanks_do_not() -> None:
    seen = Observed("web1")
    for value in ("0", "1", " 1 "):
        seen.see_value(REUSE, value, "")
    assert seen.values == {REUSE: "1"}
    assert seen.sentences() == [f"{REUSE} was 0, then 1 in this text. The last value counts."]


@pytest.mark.parametrize(("key", "label"), [(COUNT, None), (REUSE, "web1"), ("vm.swappiness", None)])
def test_files_may_differ_in_what_changes_by_itself(key: str, label: str | None) -> None:
    seen = Observed(label)
    seen.see_value(key, "1", "a")
    seen.see_value(key, "2", "b")
    assert seen.values == {key: "2"}


def test_files_of_two_hosts_are_refused() -> None:
    seen = Observed(None)
    seen.see_value(REUSE, "1", "a")
    with pytest.raises(SourceError, match="These are two hosts"):
        seen.see_value(REUSE, "0", "b")


def test_a_host_has_one_name() -> None:
    seen = Observed(None)
    seen.see_name("web1.example.com")
    seen.see_name("WEB1")
    assert seen.hostname == "web1.example.com"
    with pytest.raises(SourceError, match="two hosts"):
        seen.see_name("web2")


def test_a_typed_value_that_is_seen_later_is_no_question() -> None:
    seen = Observed(None)
    seen.see_typed(REUSE, "1")
    assert "was typed" in seen.sentences()[0]
    seen.see_value(REUSE, "0", "")
    assert seen.sentences() == []


def test_places_that_were_not_understood_are_bounded() -> None:
    seen = Observed(None)
    seen.left = [Left(Part("f", 1), number, "x\x1b" * 100) for number in range(1, 30)]
    sentences = seen.sentences()
    assert len(sentences) == 9
    assert sentences[-1] == "In 21 more places lines were not understood."
    assert "\x1b" not in "".join(sentences)


def test_names_without_their_domain() -> None:
    assert short_name("Web1.example.com") == "web1"
