# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the model says of a tree of sysctl files against what the real tools make of the same tree.

Every tree is applied by systemd-sysctl and by sysctl --system in a namespace (support.sysctl_readers), and every watched
key must then hold what the model's writes leave there, or the namespace's own default.
"""

from __future__ import annotations

import re
from typing import Iterator

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import in_turn
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import Accepted, SysctlKey, kernel_reads
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import READERS
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFiles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sysctl_readers import KEYS, PORT_RANGE, SYSCTL_FOLDERS, UNPRIVILEGED, Entry, Readers, Tree, Unavailable

FIN = "net.ipv4.tcp_fin_timeout"
CONGESTION = "net.ipv4.tcp_congestion_control"
PORTS = "net.ipv4.ip_local_reserved_ports"
KINDS = {CONGESTION: "text", PORTS: "ports", PORT_RANGE: "range"}
LIMITS = {PORT_RANGE: (1, 65535), UNPRIVILEGED: (0, 65535)}


def _readers(merged: bool) -> Iterator[Readers]:
    try:
        readers = Readers(merged)
    except (Unavailable, OSError) as error:
        pytest.skip(str(error))
    yield readers
    readers.close()


@pytest.fixture(scope="module")
def merged() -> Iterator[Readers]:
    """/lib is a link to /usr/lib."""
    yield from _readers(True)


@pytest.fixture(scope="module")
def split() -> Iterator[Readers]:
    """/lib is a folder of its own."""
    yield from _readers(False)


def left_by(boot_files: BootFiles, reader: str, defaults: dict[str, str]) -> dict[str, str]:
    """What the keys hold after a reader has made its writes, one after the other."""
    now = dict(defaults)
    for key, text in in_turn(boot_files, reader, KEYS):
        if key not in now:
            continue
        if key == CONGESTION:
            now[key] = text.value if text.value in ("reno", defaults[key]) else now[key]
            continue
        outcome = kernel_reads(SysctlKey(key, KINDS.get(key, "int"), *LIMITS.get(key, ())), text.value or "", now[key], now)
        if isinstance(outcome, Accepted) and outcome.raw is not None:
            now[key] = outcome.raw
    return now


def check(readers: Readers, tree: Tree) -> None:
    real = readers.apply(tree)
    boot_files = collect(HostTree(readers.root))
    for reader in READERS:
        assert left_by(boot_files, reader, readers.defaults) == real[reader], reader


def conf(text: str) -> Tree:
    return {"/etc/sysctl.d/50-x.conf": text.encode("utf-8", "surrogateescape")}


RP = "net.ipv4.conf.{}.tag".format

# fmt: off
TEXTS = {
    "blanks": " \t net.ipv4.tcp_fin_timeout \t = \t 7 \t \n",
    "comments": "# net.ipv4.tcp_fin_timeout=7\n ; net.ipv4.tcp_keepalive_time=8\n  #\n",
    "trailing comment, number": "net.ipv4.tcp_fin_timeout = 7 # seconds\n",
    "trailing comment glued, number": "net.ipv4.tcp_fin_timeout = 7# seconds\n",
    "trailing comment, text": "net.ipv4.tcp_congestion_control = reno # old\n",
    "text": "net.ipv4.tcp_congestion_control = reno   \n",
    "quotes": 'net.ipv4.tcp_fin_timeout = "7"\nnet.ipv4.tcp_congestion_control = \'reno\'\n',
    "crlf": "net.ipv4.tcp_fin_timeout = 7\r\nnet.ipv4.tcp_congestion_control = reno\r\n",
    "two carriage returns": "net.ipv4.tcp_fin_timeout = 7\r\r\nnet.ipv4.tcp_congestion_control = reno\r\r\r\n",
    "line feed, carriage return": "net.ipv4.tcp_fin_timeout = 7\n\rnet.ipv4.tcp_congestion_control = reno\n\r",
    "carriage return alone": "net.ipv4.tcp_fin_timeout=7\rnet.ipv4.tcp_congestion_control=reno\n",
    "carriage return ends a comment": "# seconds\rnet.ipv4.tcp_fin_timeout=7\nnet.ipv4.tcp_keepalive_time=8\n",
    "no final newline": "net.ipv4.tcp_fin_timeout = 7",
    "byte order mark": "\ufeffnet.ipv4.tcp_fin_timeout = 7\nnet.ipv4.tcp_keepalive_time = 8\n",
    "byte order mark alone": "\ufeff\nnet.ipv4.tcp_fin_timeout = 7\n",
    "byte order mark before a comment": "\ufeff# net.ipv4.tcp_keepalive_time = 8\nnet.ipv4.tcp_fin_timeout = 7\n",
    "vertical tab after the value": "net.ipv4.tcp_fin_timeout = 7\v\nnet.ipv4.tcp_congestion_control = reno\v\n",
    "form feed before the value": "net.ipv4.tcp_congestion_control =\freno\n",
    "vertical tab before the key": "\vnet.ipv4.tcp_fin_timeout = 7\n",
    "form feed after the key": "net.ipv4.tcp_fin_timeout\f = 7\n",
    "vertical tab before a comment": "\v# net.ipv4.tcp_fin_timeout = 7\n",
    "no-break space": "net.ipv4.tcp_fin_timeout\u00a0= 7\nnet.ipv4.tcp_keepalive_time = \u00a08\n",
    "not utf-8": "net.ipv4.tcp_congestion_control = \udce9\nnet.ipv4.tcp_fin_timeout = 7 \udce9\n",
    "no equals sign": "net.ipv4.tcp_fin_timeout 7\nnet.ipv4.tcp_keepalive_time\n",
    "several equals signs": "net.ipv4.tcp_fin_timeout = 7 = 8\nnet.ipv4.tcp_keepalive_time == 9\n",
    "no key": " = 7\n=\n-=7\n-\n",
    "empty value": "net.ipv4.ip_local_reserved_ports = 8080\nnet.ipv4.ip_local_reserved_ports =\nnet.ipv4.tcp_fin_timeout=\n",
    "sysctl -w": "sysctl -w net.ipv4.tcp_fin_timeout=7\n",
    "shell": "#!/bin/sh\ncat >> /etc/sysctl.conf <<EOF\nnet.ipv4.tcp_fin_timeout = 7\nEOF\nsysctl -p\n",
    "blank in the key": "net.ipv4. tcp_fin_timeout = 7\nnet.ipv4.tcp_keepalive_time x = 7\n",
    "duplicates": "net.ipv4.tcp_fin_timeout = 7\nnet.ipv4.tcp_fin_timeout = 8\nnet.ipv4.tcp_fin_timeout = 7\n",
    "refused last": "net.ipv4.tcp_fin_timeout = 7\nnet.ipv4.tcp_fin_timeout = seven\n",
    "slashes": "net/ipv4/tcp_fin_timeout = 7\n",
    "slashes and dots": "net/ipv4.tcp_fin_timeout = 7\nnet.ipv4/tcp_keepalive_time = 8\n",
    "leading slash": "/net/ipv4/tcp_fin_timeout = 7\n",
    "leading dot": ".net.ipv4.tcp_fin_timeout = 7\n",
    "whole path": "/proc/sys/net/ipv4/tcp_fin_timeout = 7\n",
    "repeated separators": "net..ipv4...tcp_fin_timeout = 7\nnet//ipv4/tcp_keepalive_time = 8\n",
    "separator at the end": "net.ipv4.tcp_fin_timeout. = 7\nnet/ipv4/tcp_keepalive_time/ = 8\n",
    "dot as a part": "net/./ipv4/tcp_fin_timeout = 7\n/net/ipv4/tcp_keepalive_time/. = 8\n",
    "two dots as a part": "net/ipv6/../ipv4/tcp_fin_timeout = 7\nnet/ipv4/tcp_keepalive_time/.. = 8\n",
    "upper case": "Net.ipv4.TCP_FIN_TIMEOUT = 7\n",
    "interface with a dot": "net.ipv4.conf.v0/1.tag = 7\nnet/ipv4/conf/v0.1/medium_id = 8\n",
    "interface with a dot, wrong": "net.ipv4.conf.v0.1.tag = 7\nnet/ipv4/conf/v0/1/medium_id = 8\n",
    "dash": "-net.ipv4.tcp_fin_timeout = 7\n",
    "dash, unknown key": "-net.ipv4.tcp_nonesuch = 7\nnet.ipv4.tcp_fin_timeout = 7\n",
    "dash and blank": "- net.ipv4.tcp_fin_timeout = 7\n-\tnet.ipv4.tcp_keepalive_time = 7\n",
    "two dashes": "--net.ipv4.tcp_fin_timeout = 7\n---net.ipv4.tcp_keepalive_time = 7\n",
    "dash with slashes": "-net/ipv4/tcp_fin_timeout = 7\n",
    "glob": f"{RP('*')} = 7\n",
    "glob with slashes": "net/ipv4/conf/*/tag = 7\n",
    "glob in several parts": "net.*.conf.*.t?g = 7\n",
    "glob does not cross a separator": "net.*.tag = 7\nnet.ipv4.conf.*tag = 8\n",
    "question marks": f"{RP('l?')} = 7\n{RP('???')} = 8\n{RP('v?/?')} = 9\n{RP('v???')} = 10\n",
    "question mark for a dot": "net.ipv4.conf.v0?1.tag = 7\n",
    "star for a dot": "net.ipv4.conf.v*1.tag = 7\n",
    "bracket": "net.ipv4.conf.[la]*.tag = 7\nnet.ipv4.conf.[!la]*.medium_id = 8\n",
    "bracket with a caret": "net.ipv4.conf.[^la]*.tag = 7\n",
    "bracket with a range": "net.ipv4.conf.[a-d]*.tag = 7\nnet.ipv4.conf.[k-z]*.medium_id = 8\n",
    "bracket with a bracket": "net.ipv4.conf.[]l]o.tag = 7\nnet.ipv4.conf.[!]l]*.medium_id = 8\n",
    "bracket left open": "net.ipv4.conf.[lo.tag = 7\n",
    "bracket with a separator": "net.ipv4.conf.v0[.]1.tag = 7\nnet.ipv4.conf.v0[/]1.medium_id = 7\n",
    "bracket with only itself": "net.ipv4.tcp_fin_timeou[t] = 7\n",
    "bracket with a class": "net.ipv4.conf.[[:lower:]]*.tag = 7\nnet.ipv4.conf.[![:lower:]]*.medium_id = 8\n",
    "bracket with an unknown class": "net.ipv4.conf.[[:foo:]]*.tag = 7\nnet.ipv4.conf.[![:foo:]]*.medium_id = 8\n",
    "bracket with a backslash": "net.ipv4.conf.[\\l]o.tag = 7\nnet.ipv4.conf.\\a?l.medium_id = 8\n",
    "bracket inside braces": f"{RP('{[l]o,a*}')} = 7\n",
    "bracket backwards": "net.ipv4.conf.[z-a]o.tag = 7\n",
    "backslash in a glob": "net.ipv4.conf.\\lo.t* = 7\nnet.ipv4.conf.a\\*.medium_id = 7\n",
    "backslash": "net.ipv4.conf.\\lo.tag = 7\n",
    "braces in a glob": "net.ipv4.conf.{lo,all}.t* = 7\n",
    "braces nested": "net.ipv4.conf.{l*,{all,defaul?}}.tag = 7\n",
    "braces without glob": "net.ipv4.conf.{lo,all}.tag = 7\n",
    "braces in the last part": "net.ipv4.tcp_{fin_timeout,keepalive_time} = 7\n",
    "braces with a separator": "net.ipv4.conf.{lo.tag,a*.medium_id} = 7\n",
    "braces left open": "net.ipv4.conf.{lo,a*.tag = 7\n",
    "braces empty": "net.ipv4.conf.{}l*.tag = 7\nnet.ipv4.conf.{l*,}o.medium_id = 7\n",
    "braces with one word": "net.ipv4.conf.{lo}.t* = 7\n",
    "glob matches nothing": "net.ipv4.conf.nonesuch*.tag = 7\n",
    "glob, then exclusion": f"{RP('*')} = 7\n-{RP('lo')}\n",
    "exclusion, then glob": f"-{RP('lo')}\n{RP('*')} = 7\n",
    "exclusion with slashes": f"{RP('*')} = 7\n-net/ipv4/conf/lo/tag\n",
    "exclusion with a blank": f"{RP('*')} = 7\n- {RP('lo')}\n",
    "exclusion by glob": f"{RP('*')} = 7\n-{RP('l*')}\n",
    "exclusion of the same glob": f"{RP('*')} = 7\n-{RP('*')}\n",
    "exclusion of the same glob, before": f"-{RP('*')}\n{RP('*')} = 7\n",
    "exclusion after a setting": f"{RP('lo')} = 7\n-{RP('lo')}\n",
    "exclusion before a setting": f"-{RP('lo')}\n{RP('lo')} = 7\n",
    "exclusion, setting and glob": f"{RP('*')} = 5\n-{RP('lo')}\n{RP('lo')} = 7\n",
    "setting, exclusion and glob": f"{RP('*')} = 5\n{RP('lo')} = 7\n-{RP('lo')}\n",
    "exclusion with an interface with a dot": f"{RP('*')} = 7\n-{RP('v0/1')}\n",
    "setting, then glob": f"{RP('lo')} = 7\n{RP('*')} = 8\n",
    "glob, then setting": f"{RP('*')} = 8\n{RP('lo')} = 7\n",
    "refused setting keeps a glob off": f"{RP('*')} = 8\n{RP('lo')} = x\n",
    "two globs": f"{RP('*')} = 7\n{RP('l*')} = 8\n",
    "two globs, the other way": f"{RP('l*')} = 8\n{RP('*')} = 7\n",
    "glob again with the same value": f"{RP('*')} = 7\n{RP('l*')} = 8\n{RP('*')} = 7\n",
    "glob again with another value": f"{RP('*')} = 7\n{RP('l*')} = 8\n{RP('*')} = 9\n",
    "glob with dash again": f"{RP('*')} = 7\n{RP('l*')} = 8\n-{RP('*')} = 7\n",
    "range below the first unprivileged port": f"{PORT_RANGE} = 500 65535\n",
    "range, then the port that lets it": f"{PORT_RANGE} = 500 65535\n{UNPRIVILEGED} = 0\n",
    "the port that lets the range, then it": f"{UNPRIVILEGED} = 0\n{PORT_RANGE} = 500 65535\n",
    "the port is raised, then the range": f"{UNPRIVILEGED} = 20000\n{PORT_RANGE} = 16384 65535\n",
    "the range, then the port is raised": f"{PORT_RANGE} = 16384 65535\n{UNPRIVILEGED} = 20000\n",
    "the port once more, after the range": f"{UNPRIVILEGED} = 0\n{PORT_RANGE} = 500 65535\n{UNPRIVILEGED} = 100\n",
    "the range with the same value again": f"{PORT_RANGE} = 500 65535\n{UNPRIVILEGED} = 0\n{PORT_RANGE} = 500 65535\n",
    "low end of the range alone": f"{PORT_RANGE} = 5000\n",
    "key of one letter": "a\nb=\n-c\nnet.ipv4.tcp_fin_timeout=7\n",
    "long value": "net.ipv4.tcp_fin_timeout = 7" + " " * 9000 + "\nnet.ipv4.tcp_keepalive_time = 8 " + "x" * 3000 + "\n",
    "long line": "net.ipv4.tcp_fin_timeout = 7\n#" + "x" * 200000 + "\nnet.ipv4.tcp_keepalive_time = 8\n",
    "a folder as key": "net.ipv4.conf.lo = 7\nnet.ipv4.conf.lo.* = 7\n",
    "backslash at the end": "net.ipv4.tcp_fin_timeout = \\\n7\n",
}
# fmt: on


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_lines(merged: Readers, text: str) -> None:
    check(merged, conf(text))


def setting(value: int) -> bytes:
    return f"{FIN} = {value}\n".encode()


LINK_TO_MAIN: Entry = {"link": "../sysctl.conf"}
NULL: Entry = {"link": "/dev/null"}
ETC, RUN, LOCAL, USR, LIB = SYSCTL_FOLDERS

TREES: dict[str, Tree] = {
    "nothing": {},
    "every folder": {f"{folder}/{number}.conf": setting(number) for number, folder in enumerate(SYSCTL_FOLDERS, 10)},
    "every folder, the other way": {f"{folder}/{90 - number}.conf": setting(number) for number, folder in enumerate(SYSCTL_FOLDERS, 10)},
    "same name in every folder": {f"{folder}/x.conf": setting(number) for number, folder in enumerate(SYSCTL_FOLDERS, 10)},
    "same name in all but the strongest": {f"{folder}/x.conf": setting(number) for number, folder in enumerate(SYSCTL_FOLDERS[1:], 10)},
    "same name in the three weakest": {f"{folder}/x.conf": setting(number) for number, folder in enumerate(SYSCTL_FOLDERS[2:], 10)},
    "same name in the two weakest": {f"{folder}/x.conf": setting(number) for number, folder in enumerate(SYSCTL_FOLDERS[3:], 10)},
    "masked by /dev/null": {f"{ETC}/x.conf": NULL, f"{USR}/x.conf": setting(7)},
    "masked by an empty file": {f"{RUN}/x.conf": b"", f"{USR}/x.conf": setting(7)},
    "masked by a comment": {f"{RUN}/x.conf": b"# nothing\n", f"{USR}/x.conf": setting(7)},
    "masked by a dangling link": {f"{ETC}/x.conf": {"link": "nowhere"}, f"{USR}/x.conf": setting(7)},
    "masked by a looping link": {f"{ETC}/x.conf": {"link": "x.conf"}, f"{USR}/x.conf": setting(7)},
    "masked by a folder": {f"{ETC}/x.conf": None, f"{USR}/x.conf": setting(7)},
    "mask in a weaker folder": {f"{RUN}/x.conf": setting(7), f"{USR}/x.conf": NULL},
    "main file without a link": {"/etc/sysctl.conf": setting(7)},
    "main file with a link": {"/etc/sysctl.conf": setting(7), f"{ETC}/99-sysctl.conf": LINK_TO_MAIN},
    "main file, link, and a later name": {
        "/etc/sysctl.conf": setting(7),
        f"{ETC}/99-sysctl.conf": LINK_TO_MAIN,
        f"{ETC}/99-zz.conf": setting(8),
    },
    "main file with a link elsewhere": {"/etc/sysctl.conf": setting(7), f"{USR}/00-first.conf": {"link": "/etc/sysctl.conf"}},
    "link masked": {"/etc/sysctl.conf": setting(7), f"{ETC}/99-sysctl.conf": NULL, f"{USR}/99-sysctl.conf": {"link": "/etc/sysctl.conf"}},
    "main file is a link": {"/etc/sysctl.conf": {"link": "sysctl.d/x.txt"}, f"{ETC}/x.txt": setting(7)},
    "main file dangles": {"/etc/sysctl.conf": {"link": "nowhere"}, f"{ETC}/99-sysctl.conf": LINK_TO_MAIN},
    "main file is null": {"/etc/sysctl.conf": NULL, f"{ETC}/99-sysctl.conf": LINK_TO_MAIN},
    "main file is a folder": {"/etc/sysctl.conf": None, f"{ETC}/99-sysctl.conf": LINK_TO_MAIN, f"{ETC}/a.conf": setting(7)},
    "glob in one file, setting in another": {f"{ETC}/90.conf": f"{RP('*')} = 7\n".encode(), f"{USR}/10.conf": f"{RP('lo')} = 8\n".encode()},
    "exclusion in another file": {f"{ETC}/10.conf": f"-{RP('lo')}\n".encode(), f"{USR}/90.conf": f"{RP('*')} = 8\n".encode()},
    "hidden": {f"{ETC}/.x.conf": setting(7)},
    "hidden masks": {f"{ETC}/.x.conf": b"", f"{USR}/.x.conf": setting(7)},
    "only the ending": {f"{ETC}/.conf": setting(7)},
    "other endings": {
        f"{ETC}/{name}": setting(7) for name in ("x", "x.conf.bak", "x.conf~", "x.CONF", "xconf", "README", "x.conf.dpkg-old")
    },
    "order of names": {
        f"{ETC}/{name}.conf": setting(number) for number, name in enumerate(("9", "10", "a", "B", "_", "é", "aa", "a-"), 10)
    },
    "order of names, é aside": {f"{ETC}/{name}.conf": setting(number) for number, name in enumerate(("a", "B", "aa", "a-"), 10)},
    "name that is not utf-8": {f"{ETC}/\udce9.conf": setting(7), f"{ETC}/z.conf": setting(8)},
    "name with a blank": {f"{ETC}/a b.conf": setting(7)},
    "link to a file with another name": {
        f"{ETC}/z.conf": {"link": f"{USR}/a.conf"},
        f"{USR}/a.conf": setting(7),
        f"{RUN}/b.conf": setting(8),
    },
    "link out of the folders": {f"{ETC}/z.conf": {"link": "/etc/mine"}, "/etc/mine": setting(7)},
    "folder is a link": {ETC: {"link": "/etc/other"}, "/etc/other/x.conf": setting(7)},
    "folder is a file": {ETC: b"", f"{USR}/x.conf": setting(7)},
    "file in a folder's folder": {f"{ETC}/sub/x.conf": setting(7), f"{ETC}/sub.conf/x.conf": setting(8)},
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES.keys())
@pytest.mark.parametrize("layout", ["merged", "split"])
def test_trees(layout: str, tree: Tree, request: pytest.FixtureRequest) -> None:
    check(request.getfixturevalue(layout), tree)


# Only keys of the network namespace, and /proc/sys is read-only for all else: see support.sysctl_readers.
_names = st.sampled_from(["10-a.conf", "50-b.conf", "99-sysctl.conf", "99-z.conf", ".c.conf", "d.conf.bak", "README"])
_keys = st.one_of(
    st.sampled_from(KEYS),
    st.sampled_from([RP("*"), RP("l*"), RP("[!l]*"), RP("v0?1"), "net.ipv4.conf.*.*_id", "net/ipv4/conf/*/tag", "net.ipv4.tcp_*_time*"]),
    st.sampled_from(["net/ipv4/conf/v0.1/tag", "net/ipv4/tcp_fin_timeout", "net.ipv4.nonesuch", "net.ipv4.conf.{lo,a*}.tag"]),
)
_values = st.sampled_from(
    [
        "7",
        "8",
        "0x10",
        "",
        "x",
        '"9"',
        "9 # c",
        "11 12",
        "reno",
        "nonesuch",
        "8080,9000-9010",
        "10 = 11",
        "500 65535",
        "20000",
        "20000 60999",
    ]
)
_blank = st.sampled_from(["", " ", "\t", "  "])
_line = st.builds(
    lambda before, dash, key, middle, value, after: f"{before}{dash}{key}{middle}={value}{after}",
    *(_blank, st.sampled_from(["", "", "", "-", "- "]), _keys, _blank, _values, _blank),
)
_exclusion = st.builds(lambda key, after: f"-{key}{after}", _keys, _blank)
_comment = st.builds(lambda sign, key: f"{sign} {key} = 7", st.sampled_from("#;"), _keys)
# Leading and repeated separators together with patterns are not modelled.
_noise = st.text(alphabet="-=./*?[]{}, \t\\#;\v~1a", max_size=12).filter(lambda text: not re.search(r"[./]{2}|^[-\s]*[./]", text))
_ending = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\r\r\n", "\n\r"])
_text = st.lists(st.tuples(st.one_of(_line, _line, _line, _exclusion, _comment, _noise), _ending), max_size=6).map(
    lambda lines: "".join(line + ending for line, ending in lines).encode()
)
_entry: st.SearchStrategy[Entry] = st.one_of(
    _text,
    _text,
    _text,
    st.sampled_from([b"", None, NULL, LINK_TO_MAIN, {"link": "nowhere"}, {"link": "10-a.conf"}, {"link": f"{USR}/99-z.conf"}]),
)
_paths = st.one_of(st.builds(lambda folder, name: f"{folder}/{name}", st.sampled_from(SYSCTL_FOLDERS), _names), st.just("/etc/sysctl.conf"))


def _without_clashes(tree: Tree) -> Tree:
    """/lib may be /usr/lib: lay no file twice."""
    return {path: entry for path, entry in tree.items() if not (path.startswith("/lib/") and "/usr" + path in tree)}


_trees = st.dictionaries(_paths, _entry, max_size=8).map(_without_clashes)


@given(tree=_trees)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_tree(merged: Readers, tree: Tree) -> None:
    check(merged, tree)


@given(tree=_trees)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_tree_where_lib_is_a_folder(split: Readers, tree: Tree) -> None:
    check(split, tree)


_pieces = st.sampled_from(["net", "ipv4", "conf", "lo", "v0", "1", "tag", "tcp_fin_timeout", "*", "?", "[lv]", "{lo,all}", "7"])
_joints = st.sampled_from([".", ".", ".", "/", "-", "=", "=", " ", "\n", "\n", "\n-", "\\", "\v", "#"])


@given(words=st.lists(st.tuples(_pieces, _joints), max_size=30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words(merged: Readers, words: list[tuple[str, str]]) -> None:
    check(merged, conf("net.ipv4.conf.lo.medium_id = 3\n" + "".join(word + joint for word, joint in words)))
