# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""haproxy, nginx and apache in a container, with small configurations in which a line of a cure stands where the cure says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from containers import engine
from support.container_image import image

_TRAFFIC = Path(__file__).resolve().parents[1] / "lab" / "traffic.py"
_ASKED = "/tmp/asked"

# How each program checks a configuration, and how it starts with it in the background.
# haproxy takes warnings, such as one of a line that it ignores in that place, for errors.
CHECK = {"haproxy": "haproxy -c -q -dW -f", "nginx": "nginx -t -q -c", "apache": "apache2 -t -f"}
START = {"haproxy": "haproxy -D -f", "nginx": "nginx -c", "apache": "apache2 -k start -f"}

# Each thread has idle connections of its own, so there is one.
_HAPROXY = """\
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    {defaults}
frontend web
    bind 127.0.0.1:{port}
    {frontend}
    default_backend pages
backend pages
    {backend}
    server one 127.0.0.1:{behind} {server}
"""
_NGINX = """\
pid /run/nginx-{port}.pid;
error_log /dev/null;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {http}
    upstream pages {{
        server 127.0.0.1:{behind};
        {upstream}
    }}
    server {{
        {listen}
        {web}
        location /pages {{
            proxy_pass http://pages/;
            {location}
        }}
        location / {{ return 200 "page\\n"; }}
    }}
}}
"""
_APACHE = """\
ServerRoot /usr/lib/apache2
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule dir_module modules/mod_dir.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
ServerName test
PidFile /run/apache-{port}.pid
ErrorLog /dev/null
Listen 127.0.0.1:{port}
DocumentRoot /srv/cures
DirectoryIndex index.html
{web}
"""
_TEMPLATES = {"haproxy": _HAPROXY, "nginx": _NGINX, "apache": _APACHE}


class Places(t.Dict[str, str]):
    """What stands in each place of a template; nothing in those that are not given."""

    def __missing__(self, place: str) -> str:
        return ""


def configuration(program: str, port: int, behind: int, **places: str) -> str:
    """The text of a configuration. behind: the port of the web server that pages come from."""
    given = Places({"port": str(port), "behind": str(behind), "listen": f"listen 127.0.0.1:{port};", **places})
    return _TEMPLATES[program].format_map(given)


def web_server(ports: t.Iterable[int]) -> str:
    """An nginx that keeps connections open and lets others close, on some ports. Servers.asked() has its requests."""
    listen = " ".join(f"listen 127.0.0.1:{port};" for port in ports)
    log = "log_format asked '$server_port $connection $remote_addr $remote_port';"
    return configuration("nginx", 1, 1, listen=listen, http=log, web=f"keepalive_requests 10000; access_log {_ASKED} asked;")


def quoted(text: str) -> set[str]:
    """What stands between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def offered(cure: str) -> set[str]:
    return quoted("\n".join(CURES[cure].how))


class Request(t.NamedTuple):
    """One that the web server has answered. connection: its number. The port and address are the client's."""

    connection: str
    address: str
    port: int


class Servers:
    """A container without a network but loopback."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["podman", "exec", "--interactive", self.name, "sh", "-c", command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def must(self, command: str, text: str = "") -> str:
        done = self.run(command, text)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout

    def takes(self, program: str, text: str) -> subprocess.CompletedProcess[str]:
        return self.run(f"cat > /tmp/checked && {CHECK[program]} /tmp/checked", text)

    def start(self, program: str, text: str, port: int) -> None:
        self.must(f"cat > /tmp/{port}.conf && {START[program]} /tmp/{port}.conf", text)
        self.must(f"for _ in $(seq 100); do ss -Hltn 'sport = :{port}' | grep -q . && exit 0; sleep 0.1; done; exit 1")

    def traffic(self, command: str, **arguments: object) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = json.loads(self.must(f'python3 /traffic.py {command} "$(cat)"', json.dumps(arguments)))
        return answer

    def asked(self, port: int) -> list[Request]:
        """The requests that the web server got on a port."""
        found = [line.split() for line in self.must(f"cat {_ASKED}").splitlines()]
        return [Request(connection, address, int(client)) for at, connection, address, client in found if at == str(port)]


def container(purpose: str, web_ports: t.Sequence[int] = ()) -> t.Iterator[Servers]:
    """For a fixture: a container with the programs, and a web server on some ports. Skips the test where there can be none."""
    name = f"tcp-test-{os.getpid()}-{purpose}"
    servers = Servers(name)
    try:
        engine.start(image(), name, "net_admin", "--network=none")
        engine.podman("cp", str(_TRAFFIC), f"{name}:/traffic.py")
        if servers.run("command -v apache2").returncode:
            pytest.skip("needs an image with apache2: the next run of the scenarios builds it")
        servers.must("mkdir -p /var/log/nginx /srv/cures && echo page > /srv/cures/index.html")
        if web_ports:
            servers.start("nginx", web_server(web_ports), web_ports[0])
        yield servers
    except engine.Problem as problem:
        pytest.skip(f"needs containers: {problem}")
    finally:
        engine.podman("rm", "--force", "--time=0", name, check=False)
