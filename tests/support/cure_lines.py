# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small configurations of haproxy, nginx and apache in which one line of a cure stands where the cure says."""

from __future__ import annotations

import typing as t

# How each program checks a configuration, and how it starts with it in the background.
CHECK = {"haproxy": "haproxy -c -q -f", "nginx": "nginx -t -q -c", "apache": "apache2 -t -f"}
START = {"haproxy": "haproxy -D -f", "nginx": "nginx -c", "apache": "apache2 -k start -f"}

_HAPROXY = """\
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
    """An nginx that keeps connections open and lets others close, on some ports."""
    listen = " ".join(f"listen 127.0.0.1:{port};" for port in ports)
    return configuration("nginx", 1, 1, listen=listen, web="keepalive_requests 10000;")
