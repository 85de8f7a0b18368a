# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A command line as somebody typed it: what it asks, where it runs, and what of the answer it hides."""

from __future__ import annotations

import dataclasses
import re
import shlex

from ....module_utils._sysctl._keys import SYSCTL_KEYS
from .._socket_tables import STATE_WORDS

# Programs whose answers are of use here, and those that stand before them.
KNOWN = frozenset(
    (
        *("sysctl", "netstat", "nstat", "ss", "cat", "grep", "egrep", "zgrep", "dmesg", "journalctl", "uname", "hostname", "uptime"),
        *("conntrack", "tail", "head", "awk", "sudo", "ssh", "kubectl", "docker", "podman", "crictl", "nsenter", "ip", "lxc", "watch"),
        *("echo", "for", "tee"),
    )
)
_BEFORE = frozenset(
    ("sudo", "time", "env", "nohup", "exec", "doas", "command", "stdbuf", "unbuffer", "watch", "timeout", "nice", "do", "then")
)
_ENDS = frozenset((";", "&&", "||", "&"))
# They print all that they read.
_HARMLESS = frozenset(("less", "more", "cat", "tee", "sort", "column", "tac", "pbcopy", "xclip"))
_MOST_CHARACTERS = 2000
_MOST_BRACES = 50
_PROC_SYS = "/proc/sys/"
_SETTINGS_FILE = re.compile(r"/etc/|/lib/sysctl|\.(?:conf|j2|ya?ml|sh|nix|tf|service|cfg|md)\Z|sysctl\.d")
_BRACES = re.compile(r"\{([^{},]*(?:,[^{},]*)+)\}")
_ASSIGNMENT = re.compile(r"([a-z][\w/.-]*)[ \t]*=[ \t]*(.*)\Z", re.DOTALL)
_ENVIRONMENT = re.compile(r"[A-Za-z_]\w*=")
_HEREDOC = re.compile(r"<<-?[ \t]*[\"'\\]?(\w{1,40})")

COUNT_KEY = "net.netfilter.nf_conntrack_count"


@dataclasses.dataclass(frozen=True)
class Command:
    """One command line.

    place: the machine, container or namespace that it names, None for where it was typed. pipelines: the words of the programs that
    feed each other, one list for each of them; several where ";" or "&&" stands between.
    """

    text: str
    place: str | None
    pipelines: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def programs(self) -> list[str]:
        """The first program of each pipeline, without its folder."""
        return [_base(pipeline[0][0]) for pipeline in self.pipelines]

    @property
    def is_known(self) -> bool:
        return any(program in KNOWN for program in self.programs)

    @property
    def filtered(self) -> bool:
        """Whether a later program hides a part of what the first one printed."""
        return any(_base(words[0]) not in _HARMLESS for pipeline in self.pipelines for words in pipeline[1:])

    def runs(self, program: str, flag: str = "") -> bool:
        """Whether the program starts a pipeline, with a letter among its short options where one is asked for."""
        return any(
            _base(pipeline[0][0]) == program and (not flag or any(flag in word for word in pipeline[0][1:] if _is_short(word)))
            for pipeline in self.pipelines
        )

    @property
    def is_whole_nstat(self) -> bool:
        """Whether it shows each counter with its value since boot."""
        bare = all(word.startswith("-") for pipeline in self.pipelines for word in pipeline[0][1:])
        return not self.filtered and self.runs("nstat", "a") and self.runs("nstat", "z") and bare

    @property
    def state(self) -> str | None:
        """The one state of sockets that it asks for, by the names of Sockets.states; None for several, or all."""
        words = {word for pipeline in self.pipelines for words in pipeline for word in re.split(r"[^A-Za-z0-9_-]+", " ".join(words))}
        found = {STATE_WORDS[one] for word in words if (one := word.upper().replace("_", "-")) in STATE_WORDS}
        return found.pop() if len(found) == 1 else None

    @property
    def is_whole_table(self) -> bool:
        """Whether it lists all TCP sockets, in all states and of both families."""
        if self.filtered or self.state or len(self.pipelines) != 1:
            return False
        words = self.pipelines[0][0]
        letters = "".join(word[1:] for word in words[1:] if _is_short(word))
        named = [word for word in words[1:] if word.startswith("--") and word not in ("--all", "--tcp", "--numeric", "--no-header")]
        others = [word for word in words[1:] if not word.startswith("-")]
        wanted = "a" in letters or "--all" in words
        return _base(words[0]) in ("ss", "netstat") and wanted and not (set(letters) & set("46lxuwf") or named or others)

    @property
    def reads_settings(self) -> bool:
        """Whether it shows the lines of a file of settings, which nobody has looked up in a kernel."""
        for pipeline in self.pipelines:
            words = pipeline[0]
            if _base(words[0]) in ("cat", "grep", "egrep", "zgrep", "head", "tail", "awk", "less", "more", "diff", "sed", "vi", "vim"):
                return any(_SETTINGS_FILE.search(word) and not word.startswith("/proc/") for word in words[1:])
        return False

    @property
    def asks_the_kernel(self) -> bool:
        """Whether its answer holds values of the running kernel."""
        return self.runs("sysctl") or any(word.startswith(_PROC_SYS) for pipeline in self.pipelines for word in pipeline[0][1:])

    def fits(self, key: str) -> bool:
        """Whether a key can be in the answer: it is asked for by name, or a filter lets it through."""
        if key in self.text.replace("/", ".") or not self.filtered:
            return True
        words = [word for pipeline in self.pipelines for words in pipeline[1:] for word in words[1:] if not word.startswith("-")]
        return any(one and one in key for word in words for one in re.split(r"[^\w.]+", word))

    @property
    def applies_files(self) -> bool:
        """Whether it sets what files of settings say."""
        return self.runs("sysctl", "p") or any("--system" in pipeline[0] or "--load" in pipeline[0] for pipeline in self.pipelines)

    @property
    def heredoc(self) -> str | None:
        """The word that ends the text which follows the command."""
        found = _HEREDOC.search(self.text)
        return found.group(1) if found else None

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The keys and values that it sets in the running kernel."""
        found: list[tuple[str, str]] = []
        for pipeline in self.pipelines:
            for place, words in enumerate(pipeline):
                program = _base(words[0])
                if program == "sysctl":
                    found += [(dotted(one.group(1)), one.group(2)) for word in words[1:] if (one := _ASSIGNMENT.match(word))]
                targets = words[1:] if program == "tee" else [words[at + 1] for at, word in enumerate(words[:-1]) if word in (">", ">>")]
                source = pipeline[0] if program == "tee" and place else words
                if _base(source[0]) in ("echo", "printf"):
                    text = " ".join(word for word in source[1 : _index(source, ">")] if not _is_short(word))
                    found += [(dotted(path), text) for path in targets if path.startswith(_PROC_SYS)]
        return found

    @property
    def asked(self) -> list[str]:
        """What each line of the answer is, where each line is one value: a key, "lines" for a count of lines, "release", "host".

        Empty where the lines say themselves what they are.
        """
        found: list[str] = []
        for pipeline in self.pipelines:
            one = _asked(pipeline)
            if not one:
                return []
            found += one
        return found


def _asked(pipeline: tuple[tuple[str, ...], ...]) -> list[str]:
    words, last = pipeline[0], pipeline[-1]
    program, rest = _base(words[0]), words[1:]
    if (_base(last[0]) == "wc" and "-l" in last) or (
        _base(last[0]) in ("grep", "egrep") and any(_is_short(w) and "c" in w for w in last[1:])
    ):
        return ["lines"]
    if len(pipeline) > 1:
        return []
    if program == "cat":
        paths = [path for word in rest for path in _expanded(word)]
        keys = [dotted(path) if _is_key_path(path) else _key_of_name(path) for path in paths]
        return keys if all(keys) else []
    if program == "sysctl" and any(_is_short(word) and "n" in word for word in rest):
        keys = [dotted(word) for word in rest if not word.startswith("-")]
        return keys if all(key in SYSCTL_KEYS for key in keys) else []
    if program == "conntrack" and rest == ("-C",):
        return [COUNT_KEY]
    if (program, rest) in (("uname", ("-r",)), ("uname", ("-n",)), ("hostname", ()), ("hostname", ("-f",)), ("hostname", ("-s",))):
        return ["release" if rest == ("-r",) else "host"]
    return []


def _is_key_path(path: str) -> bool:
    return path.startswith(_PROC_SYS) and not set(path) & set("*?[")


def _key_of_name(name: str) -> str:
    """The key whose file has this name in one of the two folders where people go to look for such files; "" for any other name."""
    return next((folder + name for folder in ("net.ipv4.", "net.netfilter.") if folder + name in SYSCTL_KEYS), "")


def _expanded(word: str) -> list[str]:
    """A path with braces, as a shell spells it out once."""
    found = _BRACES.search(word)
    if not found:
        return [word]
    names = found.group(1).split(",")[:_MOST_BRACES]
    return [word[: found.start()] + name + word[found.end() :] for name in names]


def dotted(path: str) -> str:
    """A key as sysctl prints it, from such a key, one with slashes or its file in /proc/sys."""
    path = path[len(_PROC_SYS) :] if path.startswith(_PROC_SYS) else path
    return path.strip("/").replace("/", ".")


def _is_short(word: str) -> bool:
    return word.startswith("-") and not word.startswith("--")


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _index(words: tuple[str, ...], wanted: str) -> int:
    return words.index(wanted) if wanted in words else len(words)


def parse(text: str) -> Command:
    """The command of a line. An empty one, or one of which nothing can be made, has no pipelines."""
    text = text.strip()[:_MOST_CHARACTERS]
    place, words = _unwrapped(_words(text))
    pipelines: list[tuple[tuple[str, ...], ...]] = []
    pipeline: list[tuple[str, ...]] = []
    current: list[str] = []
    for word in [*words, ";"]:
        if word in _ENDS or word in ("|", "|&"):
            _where, inner = _unwrapped(current)
            if inner:
                pipeline.append(tuple(inner))
            current = []
            if word in _ENDS and pipeline:
                pipelines.append(tuple(pipeline))
                pipeline = []
        else:
            current.append(word)
    return Command(text, place, tuple(pipelines))


def _words(text: str) -> list[str]:
    try:
        # A tilde, a star or a brace is a part of its word.
        lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&<>")
        lexer.whitespace_split = True
        lexer.commenters = ""
        return list(lexer)
    except ValueError:
        # A quotation mark without its other half.
        return text.split()


def _unwrapped(words: list[str]) -> tuple[str | None, list[str]]:
    """The place that a command names, and the command without sudo, ssh, kubectl exec and the like before it."""
    place: str | None = None
    for _step in range(6):
        words = _without_options(words)
        if not words:
            break
        program = _base(words[0])
        inner = _inner(program, words)
        if inner is None:
            break
        where, words = inner
        place = where or place
        if len(words) == 1 and " " in words[0]:
            words = _words(words[0])
    return place, words


def _without_options(words: list[str]) -> list[str]:
    """Without variables and programs that only change how the next one runs, and their options."""
    at = 0
    while at < len(words) and (_base(words[at]) in _BEFORE or _ENVIRONMENT.match(words[at])):
        changes = _base(words[at]) in _BEFORE
        at += 1
        while changes and at < len(words) and (words[at].startswith("-") or words[at].replace(".", "").rstrip("sm").isdigit()):
            at += 2 if words[at] in ("-u", "-n") and at + 1 < len(words) else 1
    return words[at:]


def _inner(program: str, words: list[str]) -> tuple[str | None, list[str]] | None:
    """Where such a command runs another one, and that one; None where it does not."""
    rest = words[1:]
    named = [at for at, word in enumerate(rest) if not word.startswith("-")]
    if program in ("sh", "bash", "ash", "zsh") and "-c" in rest[:-1]:
        return None, rest[rest.index("-c") + 1 :]
    if program == "ssh" and named:
        at = named[1] if rest[named[0] - 1 : named[0]] in (["-p"], ["-i"], ["-l"], ["-o"], ["-J"]) and len(named) > 1 else named[0]
        return rest[at].rpartition("@")[2], rest[at + 1 :]
    if program in ("kubectl", "oc", "lxc", "incus", "nsenter") and "--" in rest:
        at = rest.index("--")
        name = next((word for word in rest[1:at] if not word.startswith("-") and not word.isdigit()), program)
        return f"{program} {name}", rest[at + 1 :]
    if program in ("docker", "podman", "nerdctl", "crictl") and rest[:1] == ["exec"] and len(named) > 1:
        return f"{program} {rest[named[1]]}", rest[named[1] + 1 :]
    if program == "ip" and rest[:2] == ["netns", "exec"] and len(rest) > 2:
        return f"netns {rest[2]}", rest[3:]
    if program == "nsenter" and named:
        begins = next((at for at in named if rest[at] in KNOWN), None)
        return None if begins is None else (f"nsenter {' '.join(rest[:begins])}", rest[begins:])
    return None
