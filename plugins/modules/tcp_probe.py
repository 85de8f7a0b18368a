#!/usr/bin/python
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_probe
short_description: Ask a host's peers what TCP options they negotiate and who closes first
version_added: 0.1.0
author:
  - The linux_tcp.hardening authors (@linux_tcp)
description:
  - Connects from the host to endpoints. For each address it returns whether it was reached, what the two ends negotiated (timestamps,
    SACK, window scaling and ECN, from the kernel's C(TCP_INFO)), and with HTTP who closed the connection first.
  - The side that closes first keeps the TIME_WAIT. C(tcp_tw_reuse) works only if both ends use timestamps.
  - Without HTTP it makes one connection to each address and sends nothing over it, except a TLS handshake with O(endpoints[].tls).
    With HTTP it makes at most three connections, one after the other, and sends one small GET request over each.
  - At most 32 connections are open at a time, each for no longer than its O(endpoints[].timeout) and O(keep_alive_bound) together.
  - One task takes at most 256 different endpoints, and probes at most 16 addresses of each name. An endpoint given twice is probed and
    returned once.
  - It needs no root. To have the answers checked by rules, use M(linux_tcp.hardening.tcp_audit).
extends_documentation_fragment:
  - linux_tcp.hardening._attributes
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
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
        description: A name or an address. An IPv6 address may be in brackets, and may have a zone as in V(fe80::1%eth0).
        type: str
        required: true
      port:
        description: A TCP port.
        type: int
        required: true
      tls:
        description:
          - Whether to speak TLS. V(true), V(false), or a dictionary of options.
          - C(server_name) is the name that the certificate must have. The default is O(endpoints[].host).
          - C(validate_certs) is whether the certificate must be valid. The default is V(true). The probe sends nothing secret.
          - C(ca_path) is a file on the host with the certificates to trust. The default is the system's certificates.
        type: raw
        default: false
      http:
        description:
          - Whether to speak HTTP/1. V(true), V(false), or a dictionary of options.
          - C(path) is the path to request. The default is V(/). Choose one with a small answer; an answer of more than 1 MiB is an error.
          - C(host) is the value of the Host header. The default is O(endpoints[].host), with O(endpoints[].port) if it is not 80 or, with
            TLS, 443.
        type: raw
        default: false
      source:
        description: The host's own address to connect from. Only addresses of the same family are then probed.
        type: str
      timeout:
        description:
          - Seconds for the connection, the TLS handshake and the HTTP answer together.
          - Must be between V(0.1) and V(60).
        type: float
        default: 5
  keep_alive_bound:
    description:
      - How many seconds to wait for the peer to close after a complete HTTP answer. If it has not closed by then, the probe closes.
      - Must be between V(0.1) and V(300).
    type: float
    default: 5
  max_seconds:
    description:
      - How many seconds the whole task may take. A connection that might end later is not opened; its error is C(TIMEOUT).
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

- name: Ask a backend by its address, from one of the host's addresses, with a private certificate
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
      description: The host of the endpoint, without brackets.
      returned: always
      type: str
      sample: shop.example.com
    port:
      description: The port.
      returned: always
      type: int
      sample: 443
    address:
      description: The address that was probed. V(null) if there is none.
      returned: always
      type: str
      sample: 192.0.2.80
    family:
      description: V(ipv4) or V(ipv6). V(null) if there is no address.
      returned: always
      type: str
      sample: ipv4
    source:
      description: The host's own address of the connection. Without a connection, O(endpoints[].source) or V(null).
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
        - Why the probe is not complete. V(null) if it is.
        - The name of an errno, such as V(ECONNREFUSED), V(EHOSTUNREACH) or V(ECONNRESET), or one of these words.
        - V(TIMEOUT) if it was not done in time, V(NAME_NOT_RESOLVED), V(INVALID) if the options of the endpoint are wrong, V(TLS) if the
          handshake failed or the certificate was not accepted, V(GARBAGE) if the peer does not speak HTTP/1, V(NO_ANSWER) if it closed
          the connection without an answer, V(TOO_MUCH_DATA) if the answer was too long, V(INTERNAL) for a bug in this module.
      returned: always
      type: str
      sample: ECONNREFUSED
    message:
      description: The error as a sentence. Empty if there is none.
      returned: always
      type: str
      sample: "Connecting failed: Connection refused."
    timestamps:
      description: Whether the two ends negotiated timestamps. V(null) if there was no connection, as in the next three.
      returned: always
      type: bool
      sample: true
    sack:
      description: Whether they negotiated selective acknowledgements.
      returned: always
      type: bool
      sample: true
    window_scaling:
      description: Whether they negotiated window scaling.
      returned: always
      type: bool
      sample: true
    ecn:
      description: Whether they negotiated ECN. A host asks for ECN only if its C(net.ipv4.tcp_ecn) says so; by default it does not.
      returned: always
      type: bool
      sample: false
    mss:
      description: How many bytes the host may send in one segment. V(null) if there was no connection.
      returned: always
      type: int
      sample: 1448
    rtt_us:
      description: The round-trip time of the handshake, in microseconds. V(null) if there was no connection.
      returned: always
      type: int
      sample: 830
    tls:
      description: C(version) and C(cipher), as OpenSSL names them. V(null) without TLS, and if the handshake failed.
      returned: always
      type: dict
      sample: {version: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384}
    http:
      description:
        - C(status) is that of the first answer. V(null) if there was none.
        - C(closes) is who ended the connection after each request. C(connection_close) is the request that asks to close, C(http_1_0) the
          one in HTTP/1.0, and C(keep_alive) the one that asks to keep the connection open.
        - V(peer) means that the peer sent the first FIN, so it keeps the TIME_WAIT. V(local) means that it had not closed after
          C(keep_alive_bound) seconds, so the probe closed. V(reset) means that the peer reset the connection. V(error) means that it gave
          no complete answer. V(null) means that this request was not sent, because the first one got no answer.
        - C(keep_alive_seconds) is how long the peer kept the idle connection open. V(null) if longer than C(keep_alive_bound).
        - All of it is V(null) without HTTP, and if there was no connection.
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
