# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which programs have the sockets towards the destinations that hold many ports: several looks at the live sockets, one after the other.

A socket in TIME_WAIT belongs to no program any more, and a short connection is seldom there while somebody looks. So the sockets are
listed often, and those whose process has ended count for the program of the same user, control group and destination.
"""

from __future__ import annotations

import functools
import socket
import struct
import time
from collections import Counter
from typing import TYPE_CHECKING, Callable, Collection, Dict, Iterable, List, Optional, Set, Tuple

from .._tree import HostTree, errno_name
from ._processes import Processes, Program, owners_of_groups
from ._sock_diag import SOCKET_MESSAGE, DumpParser, MessageBatch, kernel_dump
from ._socket_filter import socket_filter
from ._socket_tally import CLOSE, CLOSE_WAIT, CONNECTED, ESTABLISHED, LAST_ACK, LISTEN, STATES, TIME_WAIT
from ._trouble import Place

if TYPE_CHECKING:
    from ...plugin_utils._socket_types import Programs, ProgramUse
    from ._namespace_names import Owner

    Dump = Callable[[int, int, int], Iterable[bytes]]

MAX_SOCKETS = 50_000
MAX_USES = 20
# At most a fifth of the time goes to looking, and a tenth to finding processes.
_PAUSE_SECONDS = 0.02
_PAUSES = 4
_MOST_LOOKS = 200
_WALK_SECONDS = 0.3
_WALK_SHARE = 0.1
_GROUPS_SECONDS = 0.2

_CLOSED_BY_PEER = {CLOSE_WAIT, LAST_ACK}
_LIVE = CONNECTED & ~(1 << TIME_WAIT) & ~(1 << CLOSE)
_KEEPALIVE_TIMER = 2
_NO_TIMER = 0
_CGROUP_ID = 21
# Inside one message: state, timer, local port, remote port, destination, cookie, user id and inode (linux/inet_diag.h).
_FIELDS = "17xBBx2s2s16x16s4x8s12xII"


_Kin = Tuple[Place, int, Optional[int]]


def _raw_addresses(address: str) -> List[Tuple[int, bytes]]:
    """As messages of each family have it: an IPv4 address may be that of a socket of IPv6 (::ffff:192.0.2.1)."""
    if ":" in address:
        return [(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address))]
    raw = socket.inet_pton(socket.AF_INET, address)
    return [(socket.AF_INET, raw.ljust(16, b"\0")), (socket.AF_INET6, b"\0" * 10 + b"\xff\xff" + raw)]


class _Seen:
    """One socket. first, last: numbers of the looks. inode is 0 where no program has it open any more."""

    __slots__ = ("bind_parity", "closed_by_peer", "first", "group", "inode", "last", "place", "state", "timer", "user_id")

    def __init__(self, place: Place, bind_parity: bool, group: Optional[int], user_id: int, inode: int, look: int) -> None:
        self.place = place
        self.bind_parity = bind_parity
        self.group = group
        self.user_id = user_id
        self.inode = inode
        self.first = self.last = look
        self.state = self.timer = 0
        self.closed_by_peer = False

    @property
    def kin(self) -> _Kin:
        """Sockets of which this is equal are most likely of one program."""
        return self.place, self.user_id, self.group


class ProgramWatch:
    """Looks at the sockets again and again; result() says what was seen. No content of a dump or of the host makes it raise.

    destinations, listening: as of in_trouble(). ephemeral: the range, whose low end tells the ports that bind() takes.
    dump: the kernel's, unless told otherwise. around: as of Processes.
    """

    def __init__(
        self,
        host: HostTree,
        destinations: Collection[Tuple[str, int]],
        listening: Collection[int],
        ephemeral: Optional[Tuple[int, int]],
        dump: Optional[Dump] = None,
        clock: Callable[[], float] = time.monotonic,
        around: Optional[Owner] = None,
    ) -> None:
        self._host = host
        self._around = around
        self._destinations: Dict[int, Dict[bytes, Place]] = {socket.AF_INET: {}, socket.AF_INET6: {}}
        for address, port in destinations:
            for family, raw in _raw_addresses(address):
                self._destinations[family][port.to_bytes(2, "big") + raw] = (address, port)
        self._listening: Dict[bytes, Place] = {port.to_bytes(2, "big"): (None, port) for port in listening}
        self._low = (ephemeral or (0, 0))[0]
        self._dump = dump or functools.partial(kernel_dump, wanted=socket_filter(destinations, listening))
        self._clock = clock
        self._states = _LIVE | (1 << LISTEN if self._listening else 0)
        self._seen: Dict[bytes, _Seen] = {}
        self._without_process: List[_Seen] = []
        self._left_out = 0
        self._looks = self._skipped = 0
        self._started = self._ended = clock()
        self._processes = Processes(host, _WALK_SECONDS, clock, around)
        self._error: Optional[OSError] = None

    def watch_until(self, deadline: float) -> None:
        """Looks with pauses until the deadline (of the monotonic clock), and once then."""
        shortest = max(_PAUSE_SECONDS, (deadline - self._clock()) / _MOST_LOOKS)
        while self._error is None:
            started = self._clock()
            self.look()
            pause = max(shortest, _PAUSES * (self._clock() - started))
            self._processes.allow(_WALK_SHARE * pause)
            if self._clock() + pause >= deadline:
                break
            time.sleep(pause)
        time.sleep(max(0.0, deadline - self._clock()))
        self.look()

    def look(self) -> None:
        """One list of the sockets, and the processes of those that are new."""
        self._looks += 1
        self._skipped = 0
        try:
            for family in (socket.AF_INET, socket.AF_INET6):
                parser = DumpParser()
                for data in self._dump(family, self._states, 0):
                    for batch in parser.batches(data):
                        self._add(batch, self._destinations[family])
                    if parser.done:
                        break
        except OSError as error:
            self._error = error
            return
        self._ended = self._clock()
        self._left_out = max(self._left_out, self._skipped)
        # One that is gone is looked for no more: each search for a process that is not there asks all of them.
        self._processes.find({one.inode for one in self._without_process if one.last == self._looks})
        self._without_process = [one for one in self._without_process if one.inode not in self._processes.pids]

    def _add(self, batch: MessageBatch, destinations: Dict[bytes, Place]) -> None:
        listening, only_listening = self._listening, batch.state in (LISTEN, CLOSE_WAIT)
        group_of = batch.numbers(_CGROUP_ID)
        fields = struct.Struct(f"={_FIELDS}{batch.stride - SOCKET_MESSAGE}x")
        for index, (state, timer, port, peer_port, peer, cookie, user_id, inode) in enumerate(fields.iter_unpack(batch.data)):
            place = listening.get(port) if only_listening else None
            if place is None:
                place = destinations.get(peer_port + peer)
                if place is None:
                    continue
            one = self._seen.get(cookie)
            if one is None:
                if not inode:
                    continue
                if len(self._seen) >= MAX_SOCKETS:
                    self._skipped += 1
                    continue
                bind_parity = bool((int.from_bytes(port, "big") - self._low) % 2)
                group = group_of(index)
                one = self._seen[cookie] = _Seen(place, bind_parity, group, user_id, inode, self._looks)
                self._without_process.append(one)
            one.last, one.state, one.timer = self._looks, state, timer
            one.closed_by_peer = one.closed_by_peer or state in _CLOSED_BY_PEER

    def result(self) -> Tuple[Optional[Programs], List[str]]:
        """What was seen, None where the kernel lists no sockets, and sentences about what was not."""
        if self._error is not None:
            return None, [
                f"Which programs hold the ports was not seen: the kernel's socket list (sock_diag) answered {errno_name(self._error)}."
            ]
        programs = self._programs()
        by_use: Dict[Tuple[Place, int, Program], List[_Seen]] = {}
        for one in self._seen.values():
            by_use.setdefault((one.place, one.user_id, programs[one.inode]), []).append(one)
        uses = [self._use(place, user_id, program, sockets) for (place, user_id, program), sockets in by_use.items()]
        uses.sort(key=lambda use: (-use["sockets"], use["destination"] or "", use["port"], use["program"] or "", use["owner"] or ""))
        found: Programs = {
            "looks": self._looks,
            "seconds": round(self._ended - self._started, 3),
            "uses": uses[:MAX_USES],
            "uses_left_out": len(uses[MAX_USES:]),
            "sockets": len(self._seen) + self._left_out,
            "sockets_without_program": self._left_out + sum(use["sockets"] for use in uses if not use["program"] and not use["owner"]),
        }
        return found, self._not_seen()

    def _programs(self) -> Dict[int, Program]:
        """The program of each socket, by its inode."""
        found = {inode: self._processes.program(pid) for inode, pid in self._processes.pids.items()}
        kin: Dict[_Kin, Set[Program]] = {}
        without = []
        for one in self._seen.values():
            if one.inode in found:
                kin.setdefault(one.kin, set()).add(found[one.inode])
            else:
                without.append(one)
        alone = {of: next(iter(programs)) for of, programs in kin.items() if len(programs) == 1}
        groups = {one.group for one in without if one.group and one.kin not in alone}
        owners = owners_of_groups(self._host, groups, _GROUPS_SECONDS, around=self._around) if groups else {}
        found.update((one.inode, alone.get(one.kin) or Program(None, owners.get(one.group or 0))) for one in without)
        return found

    def _use(self, place: Place, user_id: int, program: Program, sockets: Collection[_Seen]) -> ProgramUse:
        now = [one for one in sockets if one.last == self._looks]
        idle = [one for one in now if one.state == ESTABLISHED and one.timer in (_NO_TIMER, _KEEPALIVE_TIMER)]
        states = Counter(STATES[one.state] for one in now if one.state < len(STATES))
        destination, port = place
        return {
            "program": program.name,
            "owner": program.owner,
            "user_id": user_id,
            "processes": len({self._processes.pids[one.inode] for one in sockets if one.inode in self._processes.pids}),
            "destination": destination,
            "port": port,
            "sockets": len(sockets),
            "lasting": sum(one.first == 1 for one in now),
            "opened": sum(one.first > 1 for one in sockets),
            "states": dict(sorted(states.items())),
            "closed_by_peer": sum(one.closed_by_peer for one in sockets),
            "bind_parity": sum(one.bind_parity for one in sockets),
            "idle": len(idle),
            "keepalive": sum(one.timer == _KEEPALIVE_TIMER for one in idle),
        }

    def _not_seen(self) -> List[str]:
        sentences = []
        refused, unfound = len(self._processes.refused), sum(one.inode not in self._processes.pids for one in self._seen.values())
        if refused and unfound:
            which = "1 process was" if refused == 1 else f"{refused:,} processes were"
            sentences.append(f"{which} not asked for sockets: no permission. So the programs of {unfound:,} sockets are not known.")
        elif unfound and not self._processes.complete:
            sentences.append(
                f"Not all processes were asked for their sockets: it would take too long. {unfound:,} sockets have no process."
            )
        if self._left_out:
            sentences.append(f"{self._left_out:,} sockets were not looked at for their program: the limit is {MAX_SOCKETS:,}.")
        return sentences
