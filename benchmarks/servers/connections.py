"""Does anything leave this machine? A session of everything, watched from outside by strace.

Files of several kinds are added, questions are answered by the model in the process and by a server
on loopback, a picture is drawn and described, a sentence is spoken and written down again, models
are listed, the app is opened and asked for its page, and a Ray cluster reads files. Each runs as a
person runs it, with all its children, under `strace -f`: native code is seen, too, which the guard
in Python cannot see. A name server counts as beyond loopback; the names that it was asked for are
listed. The pictures come from the small
trained models of the tests.
Linux only; needs strace.
"""

import argparse
import contextlib
import ipaddress
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.settings import Settings
from benchmarks import common
from benchmarks.servers.llama_server import running
from benchmarks.servers.names import asked
from tests.servers.ray_process import missing

SAMPLES = common.ROOT / "samples"
SMALL = common.ROOT / "tests" / "small_models"
# Of each kind of file so many: readers of the same kind load the same libraries.
_KINDS = (".docx", ".xlsx", ".pptx", ".odt", ".doc", ".html", ".csv", ".eml", ".epub", ".rtf",
          ".png", ".jpg", ".zip")  # fmt: skip
_CALL = re.compile(r"(?:\d+ +)?(connect|sendto|sendmsg|sendmmsg)\((.*)")
_FAMILY = re.compile(r"sa_family=(AF_\w+)")
_ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
BEYOND = "beyond"
_NEVER = 'connect(0, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")})'


@dataclass(frozen=True)
class Row:
    """What one command did: its exit status, calls by where they went, and the names that it asked
    a name server for."""

    what: str
    status: int
    sent: Counter[str]
    names: Counter[str]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--port", type=int, default=8765, help="of the app")
    parser.add_argument("--only-ray", action="store_true", help="the Ray cluster alone")
    options = parser.parse_args()
    if not shutil.which("strace"):
        sys.exit("strace is not installed: apt install strace")
    assert goes(_NEVER) == BEYOND  # what is looked for would be seen
    with common.fresh_home() as home:
        environment = _environment(home, options)
        rows = [] if options.only_ray else _everything(home, environment, options)
        if not missing():
            rows.append(_on_ray(home, environment))
    report(rows)


def _everything(home: Path, environment: Mapping[str, str], options: Any) -> list[Row]:
    rows: list[Row] = []
    files = _files(home / "files", common.eval_folder(options.eval))
    with running(common.model(options, "chat")) as server:
        for what, command, more in _session(home, files, server.url):
            rows.append(_watched(what, command, {**environment, **more}, home / "trace"))
            common.say(f"{rows[-1]}")
    app = [*common.PINCITE, "app", "--port", str(options.port)]
    return [*rows, _watched("the app, opened", app, environment, home / "trace", options.port)]


def _on_ray(home: Path, environment: Mapping[str, str]) -> Row:
    program = [sys.executable, "-W", "ignore", "-m", "benchmarks.servers.cluster_kills"]
    models = Settings.load().models_folder  # of this process; the command has a home of its own
    command = [*program, "--files", "12", "--kills", "0", "--models", str(models)]
    return _watched("files read on Ray", command, environment, home / "trace")


def _environment(home: Path, options: Any) -> dict[str, str]:
    found = common.environment(home, options, "embedding", "chat")
    installed = argparse.Namespace(embedder=None, gguf=None)
    found["PINCITE_SPEECH_MODEL"] = str(common.model(installed, "speech"))
    found["PINCITE_DRAWING_MODEL"] = str(SMALL / "shapes-drawing")
    found["PINCITE_VISION_MODEL"] = str(SMALL / "shapes-describing")
    # The benchmarks switch telemetry off for themselves; here Pincite has to do it alone.
    for name in ("HF_HUB_OFFLINE", "ANONYMIZED_TELEMETRY"):
        found.pop(name, None)
    return found


def _files(folder: Path, eval_folder: Path) -> Path:
    """A folder with the samples and a file of each kind."""
    folder.mkdir()
    found = sorted((eval_folder / "office" / "files").glob("*"))
    for kind in _KINDS:
        for path in [one for one in found if one.suffix == kind and one.stat().st_size][:2]:
            shutil.copy(path, folder)
    for path in [*sorted(SAMPLES.glob("*.pdf")), *sorted((SAMPLES / "german").rglob("*.md"))]:
        shutil.copy(path, folder)
    return folder


def _session(
    home: Path, files: Path, url: str
) -> Iterable[tuple[str, list[str | Path], Mapping[str, str]]]:
    """(what is done, its command, the environment that differs)"""
    picture, sound = home / "drawn.png", home / "spoken.wav"
    question = "How many days of annual leave does a full-time employee have in the first year?"
    none: dict[str, str] = {}
    steps: list[tuple[str, list[str | Path], dict[str, str]]] = [
        ("files of several kinds added", ["add", files], none),
        ("a search", ["search", "annual leave"], none),
        ("a question, model in the process", ["ask", question], none),
        ("a server chosen", ["models", "use", "chat", url], none),
        ("a question, server on loopback", ["ask", question], {"PINCITE_CHAT_MODEL": url}),
        ("a picture drawn", ["draw", "a red circle", "-o", picture, "--size", "32x32"], none),
        ("a picture described", ["describe", picture], none),
        ("a sentence spoken", ["speak", "Leave is 25 days a year.", "-o", sound], none),
        ("a recording written down", ["transcribe", sound], none),
        ("models listed", ["models", "list"], none),
        ("doctor", ["doctor"], none),
    ]
    for what, arguments, more in steps:
        yield what, [*common.PINCITE, *arguments], more


def _watched(
    what: str, command: Sequence[str | Path], environment: Mapping[str, str], trace: Path,
    port: int = 0,
) -> Row:  # fmt: skip
    """A command and its children."""
    trace.unlink(missing_ok=True)
    watch = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "300", "-e", "trace=network",
             "-o", str(trace)]  # fmt: skip
    process = subprocess.Popen(
        [*watch, *map(str, command)], cwd=common.ROOT, env=dict(environment),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    if port:
        _opened(port)
        os.killpg(process.pid, 15)
    status = process.wait()
    with trace.open(encoding="utf-8", errors="replace") as lines:
        sent = destinations(lines)
    with trace.open(encoding="utf-8", errors="replace") as lines:
        return Row(what, status, sent, asked(lines))


def _opened(port: int, patience: float = 300.0) -> None:
    """Wait for the app's page."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            for path in ("", "_stcore/health"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10).read()
            return
        time.sleep(0.5)
    sys.exit("The app does not answer.")


def destinations(lines: Iterable[str]) -> Counter[str]:
    """How many calls with an address went where."""
    found: Counter[str] = Counter()
    for line in lines:
        if where := goes(line):
            found[where] += 1
            if where == BEYOND:
                common.say(line.strip())
    return found


def goes(line: str) -> str:
    """Where a call of a trace goes: loopback, the machine itself, or beyond it; empty for a call
    without an address, such as one over a connection that was counted."""
    call = _CALL.search(line)
    family = _FAMILY.search(call[2]) if call else None
    if not family:
        return ""
    if family[1] not in ("AF_INET", "AF_INET6"):
        return "sockets of the machine"
    address = _ADDRESS.search(line)
    told = address and ipaddress.ip_address((address[1] or address[2]).removeprefix("::ffff:"))
    return "loopback" if told and told.is_loopback else BEYOND


def report(rows: Sequence[Row]) -> None:
    """Print the table, and the names."""
    kinds = ("loopback", "sockets of the machine", BEYOND)
    lines = [[row.what, row.status, *(row.sent[kind] for kind in kinds)] for row in rows]
    total = [sum(row.sent[kind] for row in rows) for kind in kinds]
    print(common.table(["", "exit", *kinds], [*lines, ["all", "", *total]]))
    for row in rows:
        for name, times in row.names.most_common():
            print(f"{row.what}: {name} was asked for {times} times")


if __name__ == "__main__":
    main()
