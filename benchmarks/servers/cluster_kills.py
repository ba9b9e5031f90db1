"""Is anything lost or doubled when parts of a cluster are killed at random while files are added?

A Ray cluster of a head and two machines on loopback reads and embeds PDFs, Word files, mails and
sheets, each with a word that it alone has, for processes that add them. Ten times a part is killed
at random: a worker, a whole machine, a process that adds; each is started again. At the end every
file has to be in the library once, found by its word, and every error has to be one sentence.

`--whole`: the catalogue is in PostgreSQL and the vectors in a Chroma server, two processes add, two
serve the API, and twenty clients search and ask there. The servers, the API and the clients are
killed, too. No hit and no quote may come from another document than the one that it names.
Linux only.
"""

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import httpx
import openpyxl

from assistant.build import composition
from assistant.settings import Settings, default_home
from benchmarks import common
from benchmarks.servers.postgres_kills import word
from ingest.errors import PinciteError
from tests.pdfs import write_pdf
from tests.postgres_process import PostgresProcess
from tests.ray_process import RayProcess
from tests.vectorstore.dense.chroma_process import ChromaProcess

MODEL = "all-minilm-l6-v2"
_SENTENCE, _LOST, _WRONG, _ASKED = "pincite: ", "connection: ", "wrong: ", "asked: "
_OFF = 1.5  # seconds that a server is away
_KINDS = ("pdf", "docx", "eml", "xlsx")
_THREADS = 5  # clients of one process
_FILLER = (
    "The keeper signs the list in the morning and in the evening.",
    "Doors are checked twice, and the key goes back to the office.",
    "Deliveries are weighed before they are put on the shelves.",
    "Who finds a fault writes it down with the hour and a name.",
    "The lamp over the gate stays on until the last car has left.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--models", type=Path, default=default_home() / "models")
    parser.add_argument("--role", choices=("write", "ask"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ports", type=int, nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        write(options.folder) if options.role == "write" else ask(options)
        return
    place = Path(tempfile.mkdtemp(prefix="pincite-cluster-"))
    parts: list[Any] = []
    try:
        ray = RayProcess()
        parts.append(ray)
        postgres = chroma = None
        if options.whole:
            parts.append(postgres := PostgresProcess())
            chroma = ChromaProcess(place / "chroma")
        Trial(place, options, ray, postgres, chroma).run()
        if chroma:
            chroma.end()
    finally:
        for part in parts:
            part.remove()
        shutil.rmtree(place, ignore_errors=True)


def write(folder: Path) -> None:
    """The work of a child that adds: on and on until all is in the library."""
    settings, done = Settings.load(), False
    while not done:
        try:
            with composition.library(settings, make=True) as library:
                summary = library.add([folder])
                done = not summary.failed
                for failure in summary.failed:
                    print(_SENTENCE + failure.error, flush=True)
        except PinciteError as error:
            print(_SENTENCE + str(error), flush=True)
            time.sleep(0.5)
        except Exception:
            print(traceback.format_exc(), flush=True)
            time.sleep(0.5)


def ask(options: argparse.Namespace) -> None:
    """The work of a child with several clients, without an end."""
    for _ in range(_THREADS):
        threading.Thread(target=_client, args=(options.ports, options.files)).start()


def _client(ports: list[int], files: int) -> None:
    pick, seen = random.Random(), set[int]()
    while True:
        number, port = pick.randrange(files), pick.choice(ports)
        base = f"http://127.0.0.1:{port}/api/libraries/main"
        try:
            if pick.random() < 0.1:
                question = {"question": f"On which day is the {word(number)} checked?"}
                got = httpx.post(f"{base}/ask", json=question, timeout=120)
            else:
                got = httpx.get(f"{base}/search", params={"q": asked(number), "k": 3}, timeout=120)
        except httpx.HTTPError as error:  # that process was killed
            say(f"{_LOST}{type(error).__name__}")
            time.sleep(0.5)
            continue
        say(f"{_ASKED}{got.request.method}")
        if not got.is_success:
            say(_SENTENCE + _message(got))
        elif got.request.method == "POST":
            _judge_texts(got.json()["citations"], "quote")
        else:
            hits = got.json()
            _judge_texts(hits, "text")
            found = bool(hits) and _number(hits[0]["document"]) == number
            if number in seen and not found:
                say(f"{_WRONG}{word(number)} was found before, and now not first")
            if found:
                seen.add(number)


def asked(number: int) -> str:
    """A made-up word alone is near to any text for the embedding model."""
    return f"{word(number)} of depot {number}"


def say(line: str) -> None:
    """A whole line at once: several threads write into one file."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _message(got: httpx.Response) -> str:
    try:
        return str(got.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"\n{got.status_code} {got.text[:300]}"  # its second line is no sentence


def _judge_texts(rows: list[dict[str, Any]], field: str) -> None:
    """The word of a text has to be that of the document that it is said to be from."""
    for row in rows:
        for told in re.findall(r"\b[a-k]+kestrel\b", row[field]):
            if told != word(_number(row["document"])):
                say(f"{_WRONG}{told} in {row['document']}")


def _number(document: str) -> int:
    found = re.search(r"(\d+)\.\w+$", document)
    return int(found[1]) if found else -1


def make(folder: Path, number: int) -> None:
    """A file with its own word."""
    lines = [
        f"The {word(number)} of depot {number} is checked on day {number % 28 + 1}.",
        *(f"{_FILLER[(number + n) % 5]} That is rule {number * 7 + n}." for n in range(12)),
    ]
    kind = _KINDS[number % len(_KINDS)]
    path = folder / f"note{number}.{kind}"
    if kind == "pdf":
        write_pdf(path, lines)
    elif kind == "docx":
        document = docx.Document()
        for line in lines:
            document.add_paragraph(line)
        document.save(str(path))
    elif kind == "eml":
        mail = EmailMessage()
        mail["From"], mail["To"] = "keeper@example.org", "office@example.org"
        mail["Subject"] = f"Depot {number}"
        mail.set_content("\n".join(lines))
        path.write_bytes(bytes(mail))
    else:
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append([line])
        book.save(path)


class Trial:
    """One run."""

    def __init__(
        self, place: Path, options: argparse.Namespace, ray: RayProcess,
        postgres: PostgresProcess | None, chroma: ChromaProcess | None,
    ) -> None:  # fmt: skip
        self._place, self._options, self._ray = place, options, ray
        self._postgres, self._chroma = postgres, chroma
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = [_free_port(), _free_port()]
        models = place / "home" / "models"
        models.mkdir(parents=True)
        (models / MODEL).symlink_to(options.models / MODEL)
        self._writers = ["write0", "write1"] if options.whole else ["write0"]
        for name in self._writers:
            (place / name).mkdir()
        for number in range(options.files):
            make(place / self._writers[number % len(self._writers)], number)
        for sample in sorted((common.ROOT / "samples").glob("*.pdf")):
            shutil.copy(sample, place / "write0")

    def run(self) -> None:
        begun, kinds = time.monotonic(), ["worker", "machine", "write"]
        names = [*self._writers]
        if self._options.whole:
            names += ["serve0", "serve1", "ask0", "ask1", "ask2", "ask3"]
            kinds += ["postgres", "chroma", "serve", "ask"]
        for name in names:
            self._start(name)
        pick, killed, during = random.Random(11), Counter[str](), 0
        kinds = (kinds * self._options.kills)[: self._options.kills]
        for kind in pick.sample(kinds, len(kinds)):
            time.sleep(pick.uniform(6, 14))
            self._ray.tend()
            adding = any(self._children[name].poll() is None for name in self._writers)
            if self._kill(kind, pick):
                during += adding
                killed[kind] += 1
                print(f"{time.monotonic() - begun:.0f} s: {kind}", flush=True)
        print(f"killed: {dict(killed)}, {during} of them while files were added", flush=True)
        while any(self._children[name].poll() is None for name in self._writers):
            time.sleep(1)
            self._ray.tend()
        print(f"all was added after {time.monotonic() - begun:.0f} s", flush=True)
        for name, child in self._children.items():
            if name not in self._writers:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self._judge()

    def _kill(self, kind: str, pick: random.Random) -> bool:
        if kind == "worker":
            return self._ray.kill_worker()
        if kind == "machine":
            self._ray.kill(pick.choice([*self._ray.machines]))
            self._ray.add()
        elif kind == "postgres" and self._postgres:
            self._postgres.end("immediate")
            time.sleep(_OFF)
            self._postgres.start()
        elif kind == "chroma" and self._chroma:
            self._chroma.end()
            time.sleep(_OFF)
            self._chroma.start()
        else:
            name = pick.choice([name for name in self._children if name.startswith(kind)])
            os.killpg(self._children[name].pid, signal.SIGKILL)
            self._children[name].wait()
            self._start(name)
        return True

    def _start(self, name: str) -> None:
        command: list[Any] = [
            sys.executable, "-W", "ignore", "-m", "benchmarks.servers.cluster_kills",
            "--role", name[:-1], "--files", self._options.files, "--folder", self._place / name,
            "--ports", *self._ports,
        ]  # fmt: skip
        if name.startswith("serve"):
            command = [*common.PINCITE, "serve", "--port", self._ports[int(name[-1])]]
        with (self._place / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                [str(part) for part in command], cwd=common.ROOT, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if name.startswith("serve") else log,
                stderr=subprocess.DEVNULL, env=self._environment(name), start_new_session=True,
            )  # fmt: skip

    def _environment(self, name: str) -> dict[str, str]:
        """The second one that adds is Ray's client, the first a member of the cluster."""
        workers = self._ray.client if name == "write1" else self._ray.member
        found = {
            **os.environ, **self._ray.environment, "PINCITE_HOME": str(self._place / "home"),
            "PINCITE_WORKERS": workers,
        }  # fmt: skip
        if self._postgres and self._chroma:
            found["PINCITE_CATALOGUE"] = self._postgres.address
            found["PINCITE_VECTORS"] = self._chroma.address
        return found

    def _judge(self) -> None:
        files = [file for name in self._writers for file in (self._place / name).iterdir()]
        wanted = Counter(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        os.environ.update(self._environment("judge"))
        with composition.library(Settings.load()) as library:
            health = library.maintenance.verify()
            found = Counter(info.sha256 for info in library.documents())
            print(f"files {len(files)}, lost {len(wanted - found)}, doubled {len(found - wanted)}")
            print(f"verify: index {health.chroma}, mended {health.mended}, {health.lost_files}")
            first = [library.search(asked(number), 1) for number in range(self._options.files)]
            wrong = [
                (number, hits[0].document if hits else "nothing")
                for number, hits in enumerate(first)
                if not hits or _number(hits[0].document) != number
            ]
            print(f"not found by their own word: {len(wrong)}; jobs left {len(library.jobs.all())}")
            print(*wrong[:10])
        self._report()

    def _report(self) -> None:
        lines = [line for log in self._place.glob("*.log") for line in log.read_text().splitlines()]
        told = (_SENTENCE, _LOST, _WRONG, _ASKED)
        for kind in told:
            said = Counter(line for line in lines if line.startswith(kind))
            print(f"{kind.strip()} {said.total()}")
            for line, count in said.most_common(12):
                print(f"{count:6} {line}")
        others = [line for line in lines if not line.startswith(told)]
        print(f"other lines: {len(others)}", *others[-40:], sep="\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
