# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Form 3: settings as commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import Written, places, settings

ON = [(1, "tcp_tw_reuse", "1")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("sysctl -w net.ipv4.tcp_tw_reuse=1\n", ON),
        ("sudo sysctl -qw net.ipv4.tcp_tw_reuse=1 || true\n", ON),
        ("/sbin/sysctl net.ipv4.tcp_tw_reuse=1;\n", ON),
        ("sysctl -w 'net.ipv4.tcp_tw_reuse = 1'\n", ON),
        ('sysctl -w net.ipv4.ip_local_port_range="1024 65535"\n', [(1, "ip_local_port_range", "1024 65535")]),
        ('sysctl -w "net.ipv4.ip_local_port_range=1024 65535" # wide\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("sysctl -w net.ipv4.tcp_tw_reuse=1 net.ipv4.tcp_timestamps=0\n", [(1, "tcp_timestamps", "0"), (1, "tcp_tw_reuse", "1")]),
        (
            "sysctl -w \\\n  net.ipv4.tcp_tw_reuse=1 \\\n  net.ipv4.tcp_timestamps=0\n",
            [(2, "tcp_tw_reuse", "1"), (3, "tcp_timestamps", "0")],
        ),
        ("sysctl -w net.ipv4.tcp_tw_reuse=$REUSE\n", [(1, "tcp_tw_reuse", None)]),
        ("sysctl -w net.ipv4.tcp_tw_reuse=$(reuse a)\n", [(1, "tcp_tw_reuse", None)]),
        ("sysctl -nw net.ipv4.tcp_tw_reuse=1\n", ON),
        ('sysctl -w net.ipv4.tcp_tw_reuse="$(x)"\n', [(1, "tcp_tw_reuse", None)]),
        ("sysctl net.ipv4.tcp_tw_reuse\n", []),
        ('[ "$(sysctl -n net.ipv4.tcp_tw_reuse)" = 1 ] && exit\n', []),
        ("# sysctl -w net.ipv4.tcp_tw_reuse=1\n", []),
        ("true # sysctl -w net.ipv4.tcp_tw_reuse=1\n", []),
        ("echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse\n", ON),
        ("echo -n '1' >/proc/sys/net/ipv4/tcp_tw_reuse\n", ON),
        ('echo "1024 65535" > "/proc/sys/net/ipv4/ip_local_port_range"\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("printf '1024\\t65535' | sudo tee /proc/sys/net/ipv4/ip_local_port_range\n", [(1, "ip_local_port_range", "1024 65535")]),
        ("tee /proc/sys/net/ipv4/tcp_tw_reuse <<< 1\n", ON),
        ("cat x > /proc/sys/net/ipv4/tcp_tw_reuse\n", [(1, "tcp_tw_reuse", None)]),
        ("cat /proc/sys/net/ipv4/tcp_tw_reuse\n", []),
        ('if [ "$(cat /proc/sys/net/ipv4/tcp_tw_reuse)" = 1 ]; then :; fi\n', []),
        ('echo "net.ipv4.tcp_tw_reuse = 1" >> /etc/sysctl.conf\n', ON),
        ("echo net.ipv4.tcp_tw_reuse=1 >> /etc/sysctl.conf\n", ON),
        ("printf 'net.ipv4.tcp_tw_reuse=1\\nnet.ipv4.tcp_timestamps=0\\n' > x\n", [(1, "tcp_timestamps", "0"), (1, "tcp_tw_reuse", "1")]),
        (
            "cat > x <<EOF\nnet.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = $X\nEOF\n",
            [(2, "tcp_tw_reuse", "1"), (3, "tcp_timestamps", None)],
        ),
        ("cat > x <<EOF\nnet.ipv4.tcp_tw_reuse = '1'\nEOF\n", [(2, "tcp_tw_reuse", "'1'")]),
        ("grep -q '^net.ipv4.tcp_tw_reuse' x || echo 'net.ipv4.tcp_tw_reuse = 1' >> x\n", ON),
        ("grep -qE 'vm.x|net.ipv4.tcp_tw_reuse = 0' x && echo no\n", []),
        ("[ -w x ] && sysctl -w net.ipv4.tcp_tw_reuse=1\n", ON),
        ("sed -i 's/^net.ipv4.tcp_tw_reuse.*/net.ipv4.tcp_tw_reuse = 1/' x\n", ON),
        ("set_sysctl net.ipv4.tcp_tw_reuse 1\n", ON),
        ('setSysctl "net.ipv4.ip_local_port_range" "1024 65535"\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("sysctl_set net.ipv4.tcp_tw_reuse $reuse\n", [(1, "tcp_tw_reuse", None)]),
        ("read_sysctl net.ipv4.tcp_tw_reuse\n", []),
        ("read_sysctl net.ipv4.tcp_tw_reuse || exit 1\n", []),
        ("set system sysctl parameter net.ipv4.tcp_tw_reuse value '1'\n", ON),
        ("KEYS=(\n  'net.ipv4.tcp_tw_reuse=1'\n  net.ipv4.tcp_timestamps=0\n)\n", [(2, "tcp_tw_reuse", "1"), (3, "tcp_timestamps", "0")]),
        ("grep -q 'net.ipv4.tcp_tw_reuse = 0' /etc/sysctl.conf\n", []),
        ("sed -i '/net.ipv4.tcp_tw_reuse/d' /etc/sysctl.conf\n", []),
        ("sed -i 's|^net.ipv4.tcp_tw_reuse.*|net.ipv4.tcp_tw_reuse = 1|' /etc/sysctl.conf\n", ON),
        ("docker run --sysctl net.ipv4.tcp_tw_reuse=1 web\n", ON),
        ("docker run --sysctl=net.ipv4.tcp_tw_reuse=1 web\n", ON),
        ('docker run \\\n  --sysctl "net.ipv4.ip_local_port_range=1024 65535" \\\n  web\n', [(2, "ip_local_port_range", "1024 65535")]),
        ('GRUB_CMDLINE_LINUX="quiet sysctl.net.ipv4.tcp_tw_reuse=1 ro"\n', ON),
    ],
)
def test_what_a_script_sets(tmp_path: Path, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, "setup.sh", content) == found


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("Dockerfile", "RUN echo 'net.ipv4.tcp_tw_reuse=1' >> /etc/sysctl.conf\n", ON),
        ("x.service", "ExecStart=/sbin/sysctl -w net.ipv4.tcp_tw_reuse=1\n", ON),
        ("x.service", "ExecStart=/bin/sh -c 'echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse'\n", ON),
        ("tmpfiles.conf", "w /proc/sys/net/ipv4/tcp_tw_reuse - - - - 1\n", ON),
        ("Jenkinsfile", "sh 'sysctl -w net.ipv4.tcp_tw_reuse=1'\n", ON),
        ("user-data.yaml", "#cloud-config\nruncmd:\n  - sysctl -w net.ipv4.tcp_tw_reuse=1\n", [(3, "tcp_tw_reuse", "1")]),
        ("user-data.yaml", "runcmd:\n  - [sysctl, -w, net.ipv4.tcp_tw_reuse=1]\n", [(2, "tcp_tw_reuse", "1")]),
        ("user-data.yaml", "write_files:\n  - content: |\n      # on\n      net.ipv4.tcp_tw_reuse = 1\n", [(4, "tcp_tw_reuse", "1")]),
        (".gitlab-ci.yml", "a:\n  script:\n    - echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse\n", [(3, "tcp_tw_reuse", "1")]),
        (
            "ci.yml",
            "jobs:\n  a:\n    steps:\n      - run: |\n          set -e\n\n          sysctl -w net.ipv4.tcp_tw_reuse=1\n",
            [(7, "tcp_tw_reuse", "1")],
        ),
        (
            "ci.yml",
            "options: >-\n  --sysctl net.ipv4.tcp_timestamps=0\n  --sysctl net.ipv4.tcp_tw_reuse=1\n",
            [(2, "tcp_timestamps", "0"), (3, "tcp_tw_reuse", "1")],
        ),
        ("a.tf", "user_data = <<EOT\nsysctl -w net.ipv4.tcp_tw_reuse=1\nEOT\n", [(2, "tcp_tw_reuse", "1")]),
        ("a.py", 'subprocess.run(["sysctl", "-w", "net.ipv4.tcp_tw_reuse=1"])\n', ON),
        ("a.py", 'open("/proc/sys/net/ipv4/tcp_tw_reuse", "w").write("1")\n', ON),
        ("a.py", "Path('/proc/sys/net/ipv4/tcp_tw_reuse').write_text('1\\n')\n", ON),
        ("a.py", 'with open("/proc/sys/net/ipv4/tcp_tw_reuse", "w") as f: f.write("1")\n', ON),
        ("a.go", 'os.WriteFile("/proc/sys/net/ipv4/tcp_tw_reuse", []byte("1"), 0644)\n', ON),
        ("a.rb", "File.write('/proc/sys/net/ipv4/tcp_tw_reuse', '1')\n", ON),
        ("a.rs", 'fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "1")?;\n', ON),
        ("a.py", 'open("/proc/sys/net/ipv4/tcp_tw_reuse").read() == "1"\n', []),
        ("a.go", 'os.ReadFile("/proc/sys/net/ipv4/tcp_tw_reuse")\n', []),
        ("a.go", 'os.WriteFile("/proc/sys/net/ipv4/tcp_tw_reuse", data, 0644)\n', []),
        (
            "a.sh",
            'for s in net.ipv4.tcp_tw_reuse=1 net.ipv4.tcp_timestamps=0; do sysctl -w "$s"; done\n',
            [(1, "tcp_timestamps", "0"), *ON],
        ),
        ("a.sh", 'for s in net.ipv4.tcp_tw_reuse net.ipv4.tcp_timestamps; do sysctl "$s"; done\n', []),
        ("a.sh", "S=([net.ipv4.tcp_tw_reuse]=1 [\"net.ipv4.tcp_timestamps\"]='0')\n", [(1, "tcp_timestamps", "0"), *ON]),
        ("a.sh", "declare -A S=(\n  [net.ipv4.tcp_tw_reuse]=1\n)\n", [(2, "tcp_tw_reuse", "1")]),
        ("a.sh", "augtool set /files/etc/sysctl.conf/net.ipv4.tcp_tw_reuse 1\n", ON),
        ("a.sh", "augtool get /files/etc/sysctl.conf/net.ipv4.tcp_tw_reuse\n", []),
        ("a.pp", "changes => ['set net.ipv4.tcp_tw_reuse 1', 'rm net.ipv4.tcp_timestamps'],\n", ON),
        ("a.pp", 'changes => "set net.ipv4.tcp_tw_reuse ${x}",\n', [(1, "tcp_tw_reuse", None)]),
        ("a.sh", ": <<'NOTE'\nnet.ipv4.tcp_timestamps = 0\nNOTE\nsysctl -w net.ipv4.tcp_tw_reuse=1\n", [(4, "tcp_tw_reuse", "1")]),
        ("a.sh", "cat > a <<'NOTE'\nnet.ipv4.tcp_tw_reuse = 1\nNOTE\n", [(2, "tcp_tw_reuse", "1")]),
        ("a.sh", "S[net.ipv4.tcp_tw_reuse]=$X\n", [(1, "tcp_tw_reuse", None)]),
    ],
)
def test_commands_in_other_files(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


def test_what_a_container_gets_is_told_apart(tmp_path: Path) -> None:
    text = "sysctl -w net.ipv4.tcp_timestamps=0\ndocker run --sysctl net.ipv4.tcp_tw_reuse=1 web\n"
    assert [place["kind"] for place in places(tmp_path, {"run.sh": text})] == ["host", "container"]
