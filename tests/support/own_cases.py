# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings as people keep them or paste them: written for the tests, after what public repositories and threads look like."""

from __future__ import annotations

import typing as t


class OwnCase(t.NamedTuple):
    """fails: each failed rule with its line, "None" where it has none."""

    name: str
    files: dict[str, str]
    fails: set[str]
    source_kind: str = "auto"
    profile: str = "client_host"


OWN_CASES = (
    OwnCase(
        "karpenter",
        {
            "nodeclass.yaml": (
                "apiVersion: karpenter.k8s.aws/v1\n"
                "kind: EC2NodeClass\n"
                "metadata: {name: web}\n"
                "spec:\n"
                "  userData: |\n"
                "    [settings.kernel.sysctl]\n"
                '    "net.ipv4.tcp_tw_reuse" = "1"\n'
                '    "net.ipv4.tcp_timestamps" = "0"\n'
            ),
        },
        {"reuse-without-timestamps:7", "timestamps-off:8"},
    ),
    OwnCase(
        "daemonset",
        {
            "tune.yaml": (
                "apiVersion: apps/v1\n"
                "kind: DaemonSet\n"
                "spec:\n"
                "  template:\n"
                "    spec:\n"
                "      hostNetwork: true\n"
                "      initContainers:\n"
                "      - name: tune\n"
                '        command: ["sh", "-c", "sysctl -w net.ipv4.tcp_tw_reuse=1; sysctl -w net.ipv4.tcp_timestamps=0"]\n'
                "      - name: two\n"
                "        command:\n"
                "        - sh\n"
                "        - -c\n"
                "        - |\n"
                "          sysctl -w net.ipv4.tcp_max_tw_buckets=5000\n"
                '          echo "1024 65000" > /proc/sys/net/ipv4/ip_local_port_range\n'
            ),
        },
        {"buckets-too-small:15", "ports-same-parity:16", "reuse-without-timestamps:9", "timestamps-off:9"},
    ),
    OwnCase(
        "cloudinit",
        {
            "user-data": (
                "#cloud-config\n"
                "write_files:\n"
                "  - path: /etc/sysctl.d/99-x.conf\n"
                "    content: |\n"
                "      net.ipv4.tcp_tw_recycle = 1\n"
                "      net.ipv4.tcp_timestamps = 1\n"
                "runcmd:\n"
                "  - [ sysctl, -w, net.ipv4.tcp_max_tw_buckets=2000 ]\n"
                "  - sysctl --system\n"
            ),
        },
        {"buckets-too-small:8", "recycle-in-boot-file:5"},
    ),
    OwnCase(
        "terraform heredoc",
        {
            "main.tf": (
                'resource "aws_instance" "x" {\n'
                "  user_data = <<-EOF\n"
                "    #!/bin/bash\n"
                "    cat >> /etc/sysctl.conf <<SYS\n"
                "    net.ipv4.tcp_tw_reuse = 1\n"
                "    net.ipv4.tcp_timestamps = 0\n"
                "    SYS\n"
                "    sysctl -p\n"
                "  EOF\n"
                "}\n"
            ),
        },
        {"reuse-without-timestamps:5", "timestamps-off:6"},
    ),
    OwnCase(
        "packer",
        {
            "web.pkr.hcl": (
                "build {\n"
                '  provisioner "shell" {\n'
                "    inline = [\n"
                '      "sudo sysctl -w net.ipv4.tcp_max_tw_buckets=5000",\n'
                "      \"echo 'net.ipv4.tcp_tw_recycle = 1' | sudo tee -a /etc/sysctl.conf\",\n"
                "    ]\n"
                "  }\n"
                "}\n"
            ),
        },
        {"buckets-too-small:4", "recycle-in-boot-file:5"},
    ),
    OwnCase(
        "salt",
        {
            "tune.sls": (
                "net.ipv4.tcp_tw_recycle:\n"
                "  sysctl.present:\n"
                "    - value: 1\n"
                "fin:\n"
                "  sysctl.present:\n"
                "    - name: net.ipv4.tcp_fin_timeout\n"
                "    - value: 10\n"
            ),
        },
        {"fin-timeout-mistaken:6", "recycle-in-boot-file:1"},
    ),
    OwnCase(
        "vagrant",
        {
            "Vagrantfile": (
                'Vagrant.configure("2") do |config|\n'
                '  config.vm.provision "shell", inline: <<-SHELL\n'
                "    sysctl -w net.ipv4.tcp_tw_reuse=1\n"
                "    sysctl -w net.ipv4.tcp_timestamps=0\n"
                "  SHELL\n"
                "end\n"
            ),
        },
        {"reuse-without-timestamps:3", "timestamps-off:4"},
    ),
    OwnCase(
        "ci",
        {
            ".github/workflows/x.yml": (
                "on: push\n"
                "jobs:\n"
                "  test:\n"
                "    steps:\n"
                '      - run: sudo sysctl -w net.ipv4.ip_local_port_range="60000 61000"\n'
                "      - name: more\n"
                "        run: |\n"
                "          sudo sysctl -w net.ipv4.tcp_tw_reuse=1 net.ipv4.tcp_timestamps=0\n"
            ),
        },
        {"ports-few:5", "ports-same-parity:5", "reuse-without-timestamps:8", "timestamps-off:8"},
    ),
    OwnCase(
        "unit",
        {
            "tune.service": (
                "[Service]\n"
                "Type=oneshot\n"
                "ExecStart=/sbin/sysctl -w net.ipv4.tcp_tw_reuse=1\n"
                "ExecStart=/sbin/sysctl -w net.ipv4.tcp_timestamps=0\n"
            ),
        },
        {"reuse-without-timestamps:3", "timestamps-off:4"},
    ),
    OwnCase(
        "makefile",
        {
            "Makefile": ("run:\n\tdocker run --rm --sysctl net.ipv4.tcp_tw_reuse=1 --sysctl net.ipv4.tcp_timestamps=0 web\n"),
        },
        {"reuse-without-timestamps:2", "timestamps-off:2"},
    ),
    OwnCase(
        "nomad",
        {
            "web.nomad": (
                'job "web" {\n'
                '  task "x" {\n'
                "    config {\n"
                "      sysctl = {\n"
                '        "net.ipv4.tcp_tw_reuse" = "1"\n'
                '        "net.ipv4.tcp_timestamps" = "0"\n'
                "      }\n"
                "    }\n"
                "  }\n"
                "}\n"
            ),
        },
        {"reuse-without-timestamps:5", "timestamps-off:6"},
    ),
    OwnCase(
        "ecs",
        {
            "task.json": (
                '{"containerDefinitions": [{"name": "a", "systemControls": ['
                '{"namespace": "net.ipv4.tcp_tw_reuse", "value": "1"}, {"namespace": "net.ipv4.tcp_timestamps", "value": "0"}]}]}'
            ),
        },
        {"reuse-without-timestamps:1", "timestamps-off:1"},
    ),
    OwnCase(
        "butane",
        {
            "x.bu": (
                "variant: fcos\n"
                "storage:\n"
                "  files:\n"
                "    - path: /etc/sysctl.d/90.conf\n"
                "      contents:\n"
                "        inline: |\n"
                "          net.ipv4.tcp_tw_reuse=1\n"
                "          net.ipv4.tcp_timestamps=0\n"
            ),
        },
        {"reuse-without-timestamps:7", "timestamps-off:8"},
    ),
    OwnCase(
        "grep paste",
        {
            "g.txt": (
                "$ grep -rn tcp_tw /etc/sysctl*\n"
                "/etc/sysctl.conf:12:net.ipv4.tcp_tw_recycle = 1\n"
                "/etc/sysctl.d/99-x.conf:3:net.ipv4.tcp_tw_reuse = 1\n"
            ),
        },
        {"recycle-in-boot-file:2"},
    ),
    OwnCase(
        "ss -s paste",
        {
            "p.txt": (
                "[root@lb01 ~]# ss -s\n"
                "Total: 33391 (kernel 33500)\n"
                "TCP:   33211 (estab 1200, closed 31900, orphaned 0, synrecv 0, timewait 31890/0), ports 0\n"
                "\n"
                "[root@lb01 ~]# sysctl net.ipv4.tcp_max_tw_buckets net.ipv4.tcp_tw_reuse net.ipv4.tcp_timestamps\n"
                "net.ipv4.tcp_max_tw_buckets = 32000\n"
                "net.ipv4.tcp_tw_reuse = 1\n"
                "net.ipv4.tcp_timestamps = 0\n"
            ),
        },
        {"buckets-nearly-full:None", "reuse-without-timestamps:None", "timestamps-off:None"},
    ),
    OwnCase(
        "nstat paste",
        {
            "p.txt": (
                "root@web:~# nstat -az | egrep 'TWOver|PAWS'\n"
                "TcpExtPAWSPassive               0                  0.0\n"
                "TcpExtTCPTimeWaitOverflow       51234              0.0\n"
                "root@web:~# sysctl net.ipv4.tcp_max_tw_buckets\n"
                "net.ipv4.tcp_max_tw_buckets = 5000\n"
            ),
        },
        {"buckets-overflow:None"},
    ),
    OwnCase(
        "tuned tree",
        {
            "etc/tuned/active_profile": "web\n",
            "etc/tuned/web/tuned.conf": (
                "[main]\ninclude=throughput-performance\n[sysctl]\nnet.ipv4.tcp_tw_reuse=1\nnet.ipv4.tcp_timestamps=0\n"
            ),
            "etc/sysctl.d/10.conf": "net.ipv4.tcp_fin_timeout = 30\n",
            "usr/lib/tuned/throughput-performance/tuned.conf": ("[main]\nsummary=x\n"),
        },
        {"boot-other-writer:4", "boot-other-writer:5", "fin-timeout-mistaken:1", "reuse-without-timestamps:4", "timestamps-off:5"},
    ),
    OwnCase(
        "dmesg",
        {
            "d.txt": (
                "Nov 20 10:00:01 web1 kernel: TCP: time wait bucket table overflow\n"
                "Nov 20 10:00:06 web1 kernel: TCP: time wait bucket table overflow (CPU#3)\n"
                "net.ipv4.tcp_max_tw_buckets = 5000\n"
            ),
        },
        {"buckets-overflow:None"},
    ),
    OwnCase(
        "python",
        {
            "tune.py": (
                "SETTINGS = {\n"
                '    "net.ipv4.tcp_tw_reuse": 1,\n'
                '    "net.ipv4.tcp_timestamps": 0,\n'
                "}\n"
                "for k, v in SETTINGS.items():\n"
                '    subprocess.run(["sysctl", "-w", f"{k}={v}"])\n'
                'subprocess.check_call(["sysctl", "-w", "net.ipv4.tcp_max_tw_buckets=5000"])\n'
                'open("/proc/sys/net/ipv4/tcp_tw_recycle", "w").write("1")\n'
            ),
        },
        {"buckets-too-small:7", "recycle-in-boot-file:8", "reuse-without-timestamps:2", "timestamps-off:3"},
    ),
    OwnCase(
        "sed",
        {
            "t.sh": (
                "sed -i 's/^net.ipv4.tcp_timestamps.*/net.ipv4.tcp_timestamps = 0/' /etc/sysctl.conf\n"
                "grep -q tcp_tw_reuse /etc/sysctl.conf || echo 'net.ipv4.tcp_tw_reuse=1' >> /etc/sysctl.conf\n"
            ),
        },
        {"reuse-without-timestamps:2", "timestamps-off:1"},
    ),
    OwnCase(
        "helm values",
        {
            "values.yaml": (
                "podSecurityContext:\n"
                "  sysctls:\n"
                "    - name: net.ipv4.tcp_tw_reuse\n"
                '      value: "1"\n'
                "    - name: net.ipv4.tcp_timestamps\n"
                '      value: "0"\n'
            ),
        },
        {"reuse-without-timestamps:3", "timestamps-off:5"},
    ),
    OwnCase(
        "busybox-init",
        {
            "etc/inittab": "::sysinit:/etc/init.d/rcS\n",
            "etc/init.d/rcS": ("#!/bin/sh\necho 0 > /proc/sys/net/ipv4/tcp_timestamps\necho 1 > /proc/sys/net/ipv4/tcp_tw_reuse\n"),
        },
        {"reuse-without-timestamps:3", "timestamps-off:2"},
    ),
)
