# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import time

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _namespace_entry
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_entry import enter_network, hostname_of, moment_in
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_names import Names
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespaces import Namespace, find_namespaces
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.full_namespace import full_namespace
from support.namespaces import own_namespaces


def found(link: str) -> Namespace:
    (one,) = (one for one in find_namespaces(HostTree()).namespaces if f"net:[{one.inode}]" == link)
    return one


@own_namespaces
def test_it_is_in_the_namespace_afterwards() -> None:
    with full_namespace("cart") as link:
        one = found(link)
        assert hostname_of(one.uts) == "cart"
        enter_network(one)
        assert os.readlink("/proc/self/ns/net") == link


@own_namespaces
def test_one_that_has_gone_cannot_be_entered() -> None:
    with full_namespace("cart") as link:
        one = found(link)
    with pytest.raises(OSError, match="no path leads to this network namespace"):
        enter_network(one)
    assert hostname_of(one.uts) is None
    assert hostname_of(None) is None


@own_namespaces
def test_an_identity_is_never_given_again() -> None:
    try:
        with socket.socket() as one_of_ours:
            one_of_ours.getsockopt(socket.SOL_SOCKET, 71, 8)
    except OSError:
        pytest.skip("needs a kernel with SO_NETNS_COOKIE (Linux 5.14)")
    identities = []
    for _number in range(3):
        with full_namespace("cart") as link:
            one = found(link)
            before = time.clock_gettime(time.CLOCK_BOOTTIME)
            enter_network(one)
            moment = moment_in(one)
            assert before <= moment["clock"] <= time.clock_gettime(time.CLOCK_BOOTTIME)
            assert moment_in(one)["identity"] == moment["identity"]
            inode, cookie = moment["identity"].split(".")
            assert (inode, int(cookie) > 0) == (str(one.inode), True)
            identities.append(cookie)
    assert len(set(identities)) == 3


def test_a_kernel_without_cookies_has_the_inode(monkeypatch: pytest.MonkeyPatch) -> None:
    # No kernel has this option.
    monkeypatch.setattr(_namespace_entry, "_SO_NETNS_COOKIE", 9999)
    assert moment_in(Namespace(7, (), 1, 1, None, Names()))["identity"] == "7"
