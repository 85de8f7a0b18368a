#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_probe
short_description: Ask peers of a host what TCP they negotiate and who closes first
version_added: 0.1.0
author:
  - The linux_tcp.hardening authors (@linux_tcp)
description:
  - Connects from the host to endpoints and tells, for each address of each of them, whether it was reached, what the two ends agreed on
    (timestamps, SACK, window scaling, ECN, as the kernel's C(TCP_INFO) has it), and for HTTP who closed the connection first.
  - Whoever closes first keeps the TIME_WAIT. Whether C(tcp_tw_reuse) can work depends on timestamps at both ends.
  - Without HTTP it makes one connection to an address and sends nothing over it, but for a TLS handshake where that is asked for.
    With HTTP it makes at most three, one after the other, and sends one small GET request over each.
  - At most 32 connections are open at a time, each for no longer than its O(endpoints[].timeout) and O(keep_alive_bound) together.
  - At most 256 different endpoints may be asked for in one task, and at most 16 addresses of a name are probed. Endpoints that are
    given twice are probed and returned once.
  - Needs no root. Judges nothing, that is the work of M(linux_tcp.hardening.tcp_audit).
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and does the same there.
    support: full
    details:
      - It connects to the endpoints in check mode too. Nothing on the host is changed in either mode.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), in diff mode.
    support: N/A
    details:
      - It never changes anything.
  platform:
    description: Target systems that it works on.
    support: full
    platforms: linux
options:
  endpoints:
    description: What to connect to.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: A name or an address. An IPv6 address may stand in brackets, and have a zone as in V(fe80::1%eth0).
        type: str
        required: true
      port:
        description: A TCP port.
        type: int
        required: true
      tls:
        description:
          - Whether to speak TLS. V(true), V(false), or a dictionary of options.
          - C(server_name) is the name to ask for and to expect in the certificate, O(endpoints[].host) by default.
          - C(validate_certs) tells whether the certificate must be valid, V(true) by default. The probe sends nothing secret.
          - C(ca_path) is a file on the host with the certificates to trust, instead of the system's.
        type: raw
        default: false
      http:
        description:
          - Whether to speak HTTP/1. V(true), V(false), or a dictionary of options.
          - C(path) is what to ask for, V(/) by default. A path with a small answer is best, since one of more than 1 MiB is given up.
          - C(host) is the value of the Host header, by default O(endpoints[].host), with O(endpoints[].port) unless it is the usual one.
        type: raw
        default: false
      source:
        description: Address of the host to connect from. Only addresses of its family are then probed.
        type: str
      timeout:
        description:
          - Seconds in which a connection must be made, secured and, with HTTP, answered.
          - Must be between V(0.1) and V(60).
        type: float
        default: 5
  keep_alive_bound:
    description:
      - How many seconds after a complete HTTP answer to wait for the peer to close. A peer that has not closed then leaves it to the host.
      - Must be between V(0.1) and V(300).
    type: float
    default: 5
  max_seconds:
    description:
      - How many seconds the whole probe may take. Connections that might end later are not begun, and reported with the error C(TIMEOUT).
      - Must be between V(1) and V(600).
    type: float
    default: 120
seealso:
  - module: linux_tcp.hardening.tcp_audit
  - module: linux_tcp.hardening.tcp_facts
"""

EXAMPLES = r"""
- name: See whether a load balancer negotiates timestamps and who closes first
  linux_tcp.hardening.tcp_probe:
    endpoints:
      - host: shop.example.com
        port: 80
        http: true
      - host: shop.example.com
        port: 443
        tls: true
        http:
          path: /health

- name: Ask a backend by its address, from a certain address, with a certificate of its own
  linux_tcp.hardening.tcp_probe:
    endpoints:
      - host: "[2001:db8::80]"
        port: 8443
        source: 2001:db8::1
        timeout: 2
        tls:
          server_name: backend.example.com
          ca_path: /etc/ssl/private-ca.pem
        http:
          path: /status
          host: backend.example.com
    keep_alive_bound: 10
"""

RETURN = r"""
endpoints:
  description: One result for each address of each endpoint, in the order of O(endpoints).
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The host as it was asked for, without brackets.
      returned: always
      type: str
      sample: shop.example.com
    port:
      description: The port.
      returned: always
      type: int
      sample: 443
    address:
      description: The address that was probed, V(null) where there is none.
      returned: always
      type: str
      sample: 192.0.2.80
    family:
      description: V(ipv4) or V(ipv6), V(null) where there is no address.
      returned: always
      type: str
      sample: ipv4
    source:
      description: The host's own address of the connection. Without a connection, the one asked for or V(null).
      returned: always
      type: str
      sample: 192.0.2.1
    reached:
      description: Whether the TCP handshake was completed.
      returned: always
      type: bool
      sample: true
    error:
      description:
        - Why not all that was asked for could be done, V(null) where it could.
        - The name of an errno such as V(ECONNREFUSED), V(EHOSTUNREACH) or V(ECONNRESET), or one of these words.
        - V(TIMEOUT), it was not done in time; V(NAME_NOT_RESOLVED); V(INVALID), the endpoint cannot be probed as it was given;
          V(TLS), the handshake failed or the certificate was not accepted; V(GARBAGE), the peer does not speak HTTP/1; V(NO_ANSWER), it
          closed the connection without an answer; V(TOO_MUCH_DATA), the answer was too long; V(INTERNAL), a mistake in this module.
      returned: always
      type: str
      sample: ECONNREFUSED
    message:
      description: The error in a sentence, empty where there is none.
      returned: always
      type: str
      sample: "Connecting failed: Connection refused."
    timestamps:
      description: Whether the two ends agreed on timestamps. V(null) where there was no connection. So with the next three.
      returned: always
      type: bool
      sample: true
    sack:
      description: Whether they agreed on selective acknowledgements.
      returned: always
      type: bool
      sample: true
    window_scaling:
      description: Whether they agreed on scaled windows.
      returned: always
      type: bool
      sample: true
    ecn:
      description: Whether they agreed on ECN. A host asks for it only where its C(net.ipv4.tcp_ecn) says so, which it does not by default.
      returned: always
      type: bool
      sample: false
    mss:
      description: How many bytes the host may send in a segment, V(null) where there was no connection.
      returned: always
      type: int
      sample: 1448
    rtt_us:
      description: How long the handshake took to the peer and back, in microseconds, V(null) where there was no connection.
      returned: always
      type: int
      sample: 830
    tls:
      description: C(version) and C(cipher), as OpenSSL names them. V(null) without TLS and where the handshake failed.
      returned: always
      type: dict
      sample: {version: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384}
    http:
      description:
        - C(status) of the first answer, V(null) where there was none.
        - C(closes) tells who ended the connection, for a request that asks to close it (C(connection_close)), one of HTTP/1.0
          (C(http_1_0)) and one that asks to keep it (C(keep_alive)).
        - It is V(peer) where the peer sent the first FIN and so keeps the TIME_WAIT, V(local) where it had not done so after
          C(keep_alive_bound) seconds, V(reset) where it reset the connection, V(error) where it gave no complete answer, and V(null)
          where it was not asked, because the first request got no answer.
        - C(keep_alive_seconds) is how long the peer kept the idle connection, V(null) where it outlived C(keep_alive_bound).
        - The whole is V(null) without HTTP, and where there was no connection to ask over.
      returned: always
      type: dict
      sample:
        status: 200
        closes: {connection_close: peer, http_1_0: peer, keep_alive: local}
        keep_alive_seconds: null
        keep_alive_bound: 5.0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _compile_once  # noqa: F401  # pylint: disable=unused-import  # makes the imports below faster
from ..module_utils._probe._endpoints import probe_all
from ..module_utils._probe._options import EndpointsError, read_endpoints

# Seconds, the least and the most.
BOUNDS = {"keep_alive_bound": (0.1, 300), "max_seconds": (1, 600)}


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core is not typed
        argument_spec={
            "endpoints": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "host": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                    "tls": {"type": "raw", "default": False},
                    "http": {"type": "raw", "default": False},
                    "source": {"type": "str"},
                    "timeout": {"type": "float", "default": 5},
                },
            },
            "keep_alive_bound": {"type": "float", "default": 5},
            "max_seconds": {"type": "float", "default": 120},
        },
        supports_check_mode=True,
    )
    for name, (low, high) in BOUNDS.items():
        if not low <= module.params[name] <= high:
            module.fail_json(msg=f"{name} must be between {low} and {high}, not {module.params[name]}")
    try:
        endpoints = read_endpoints(module.params["endpoints"])
    except EndpointsError as error:
        module.fail_json(msg=str(error))
    probes, warnings = probe_all(endpoints, module.params["keep_alive_bound"], module.params["max_seconds"])
    for warning in warnings:
        module.warn(warning)
    module.exit_json(endpoints=probes)


if __name__ == "__main__":
    main()
