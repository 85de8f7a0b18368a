# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shape of what a snapshot says of sockets. See _snapshot_types."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from ._nat_types import Count
from ._shapes import Default


class Listener(TypedDict):
    """A TCP listener, or a UDP socket without a peer.

    queue: TCP connections that wait for accept(). backlog: how many may. None where the source does not tell, and for UDP.
    """

    family: Literal["ipv4", "ipv6"]
    address: str
    port: Count
    queue: Annotated[Count | None, Default(None)]
    backlog: Annotated[Count | None, Default(None)]


class PortUse(TypedDict):
    """Local ports that outgoing connections of one (device, source, destination, destination port) hold.

    device: the interface that the sockets are bound to (SO_BINDTODEVICE), None where to none: connections of two devices do not
    share ports. ports: all of them. states: how many are in each state ("time_wait", "established", ...), by the names of
    Sockets.states; a state that none is in may be missing.
    begun: those whose TIME_WAIT began in the last 5 seconds. bind_parity: as in SourcePorts. Both may be too low where error_bound is
    not 0; None where the source does not tell.
    """

    device: Annotated[str | None, Default(None)]
    source: str
    destination: str
    destination_port: Count
    ports: Count
    states: dict[str, Count]
    begun: Annotated[Count | None, Default(None)]
    bind_parity: Annotated[Count | None, Default(None)]


class SourcePorts(TypedDict):
    """Ephemeral ports that outgoing connections from one source address (and device) hold, each counted once for all destinations.

    connections: how many there are. bind_parity: of the ports, those that have the parity that bind() to port 0 takes, which is not
    that of the range's low end; connect() takes the other until half the range is full (kernel __inet_hash_connect()).
    """

    device: Annotated[str | None, Default(None)]
    source: str
    connections: Count
    ports: Count
    bind_parity: Count


class AcceptedUse(TypedDict):
    """Connections whose local port has a listener, by state ("close_wait", "time_wait", ...)."""

    port: Count
    states: dict[str, Count]


class ReuseSample(TypedDict):
    """What new connections did within some seconds: how many were opened, and how many of them took a port in TIME_WAIT."""

    seconds: float
    opened: Count
    recycled: Count


class TimestampUse(TypedDict):
    """How many live outgoing connections to one destination did and did not negotiate timestamps (TCP_INFO)."""

    destination: str
    destination_port: Count
    negotiated: Count
    not_negotiated: Count


class ProgramUse(TypedDict):
    """The sockets of one program and user towards one destination, or, where destination is None, of the listening port.

    program: what its processes call themselves, None where no process was found. owner: its unit ("billing.service"), or its container,
    pod or machine; None where its control group tells none. processes: how many had such a socket.
    sockets: all that were seen, each counted once. lasting: those of the first look that were still there in the last. opened: those that
    were not there in the first. states, idle, keepalive: in the last look; idle are established with nothing on the way, and keepalive
    those of them that have SO_KEEPALIVE. closed_by_peer: those that were seen after the peer had closed. bind_parity: as in SourcePorts.
    """

    program: str | None
    owner: str | None
    user_id: Count
    processes: Count
    destination: str | None
    port: Count
    sockets: Count
    lasting: Count
    opened: Count
    states: dict[str, Count]
    closed_by_peer: Count
    bind_parity: Count
    idle: Count
    keepalive: Count


class Programs(TypedDict):
    """Which programs have live sockets towards the destinations that hold many ports: looks of them, within so many seconds.

    uses: most sockets first, uses_left_out: how many others there were. sockets: how many were seen. sockets_without_program: those for
    which neither a process nor a unit or container was found.
    """

    looks: Count
    seconds: float
    uses: list[ProgramUse]
    uses_left_out: Count
    sockets: Count
    sockets_without_program: Count


class Sockets(TypedDict):
    """Counted while the kernel's dump streams.

    states: family ("ipv4", "ipv6") to state name ("established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close",
    "close_wait", "last_ack", "listen", "closing") to count.
    time_wait_listening: TIME_WAIT sockets whose local port has a listener (this host closed first as a server).
    time_wait_outgoing: those of the others whose local port lies in the ephemeral range (all of them where it is not known).
    The rest are ports that a program chose itself, most often a listener that is gone.
    ports_in_use: the busiest groups, most ports first. error_bound: how many ports a group's count may be short by (0 is exact).
    outgoing: live connections (TIME_WAIT not counted) from a local port without a listener to an address that is not loopback.
    source_ports: the source addresses that hold most ports, most first; source_ports_left_out: how many others there were.
    accepted: the listening ports with most connections, most first; states of no connection may be missing.
    fin_wait2_orphans: FIN_WAIT2 sockets that no program has open any more; None where the source does not tell.
    udp: UDP sockets that are bound to a port of the ephemeral range and have no peer, loopback's too; None: not listed.
    reuse_sample: taken where one group holds a third of the range in TIME_WAIT and nobody asked for two samples; else None.
    programs: None where no destination or listener gave a reason to look for them, and where nobody could.
    """

    states: dict[str, dict[str, Count]]
    listeners: list[Listener]
    listeners_left_out: Count
    time_wait_listening: Count
    time_wait_outgoing: Count
    outgoing: Count
    ports_in_use: list[PortUse]
    error_bound: Count
    timestamps: list[TimestampUse]
    source_ports: Annotated[list[SourcePorts], Default([])]
    source_ports_left_out: Annotated[Count, Default(0)]
    accepted: Annotated[list[AcceptedUse], Default([])]
    fin_wait2_orphans: Annotated[Count | None, Default(None)]
    udp: Annotated[list[Listener] | None, Default(None)]
    reuse_sample: Annotated[ReuseSample | None, Default(None)]
    programs: Annotated[Programs | None, Default(None)]
