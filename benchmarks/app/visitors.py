"""Do ten visitors who ask at once each get their own answers, and does the memory stay flat?

The real app over the sample company, without a chat model, so that answers are quoted at once, or
with the one of --gguf. Each visitor is a browser context of its own. In each round all ask another
question before anybody waits; then each page must show the visitor's own questions, in order, and
the answer that the command line gives. Half of the visitors also add a small file now and then.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from assistant.evaluation.metrics import read_rows
from assistant.models.catalogue import Role
from benchmarks import common
from benchmarks.app.library_page import chromium, wait_for_app
from tests.servers.ports import free_port

_SAMPLES = common.ROOT / "samples"
_HEAD = 40  # characters of an answer that are compared
_CONVERSATION = 18  # rounds: the app shows the last twenty questions of a conversation
_UPLOADS = 5  # rounds between two files of a visitor
_DRAWN = 60  # seconds to draw a page on a busy machine
_PATIENCE = 180_000  # milliseconds
# While an answer is written, Stop is in its place.
_SEND = ".st-key-composer button[aria-label=Send]"


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--minutes", type=float, default=15)
    options.add_argument("--visitors", type=int, default=10)
    chosen = options.parse_args()
    with common.fresh_home() as home:
        roles: tuple[Role, ...] = ("embedding", "chat") if chosen.gguf else ("embedding",)
        environment = common.environment(home, chosen, *roles)
        common.pincite(environment, "add", *sorted(_SAMPLES.glob("*.pdf")), "--json")
        asked = questions(environment, home)
        with app(environment) as (address, process), chromium() as browser:
            run(browser, address, process, asked, chosen)


def questions(environment: dict[str, str], home: Path) -> dict[str, str]:
    """Questions with the answers of the command line."""
    rows = [row for row in read_rows(_SAMPLES / "questions.jsonl") if row["answerable"]]
    common.write_rows(home / "asked.jsonl", rows)
    answers = common.pincite(environment, "ask", "--batch", home / "asked.jsonl", "--json")
    return {one["question"]: one["answer"] for one in answers if not one["refused"]}


@contextmanager
def app(environment: dict[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    port = free_port()
    command = [*common.PINCITE, "app", "--port", str(port)]
    with subprocess.Popen(command, cwd=common.ROOT, env=environment) as running:
        try:
            wait_for_app(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}", psutil.Process(running.pid)
        finally:
            running.terminate()


def run(
    browser: Any, address: str, process: psutil.Process, asked: dict[str, str], chosen: Any
) -> None:
    pages = [browser.new_context().new_page() for _ in range(chosen.visitors)]
    own: list[list[str]] = [[] for _ in pages]
    seconds: list[float] = []
    megabytes: list[float] = []
    mixed = rounds = queued = 0
    until = time.monotonic() + 60 * chosen.minutes
    while time.monotonic() < until:
        if rounds % _CONVERSATION == 0:
            begin(pages, address)
            own = [[] for _ in pages]
        begun = time.monotonic()
        for number, page in enumerate(pages):
            question = list(asked)[(rounds + 7 * number) % len(asked)]
            send(page, question)
            own[number].append(question)
        queued += any(page.get_by_text("in the queue").count() for page in pages)
        for number, page in enumerate(pages):
            if not fits(page, own[number], asked):
                mixed += 1
                common.say(f"visitor {number} asked {own[number]}, sees {page.inner_text('main')}")
            seconds.append(time.monotonic() - begun)
        megabytes.append(memory(process))
        rounds += 1
        for page in pages[::2] if rounds % _UPLOADS == 0 else ():
            upload(page, address)
    quarters = [round(megabytes[len(megabytes) * n // 4]) for n in range(4)]
    print(f"{len(seconds)} answers to {len(pages)} visitors in {rounds} rounds, {mixed} mixed up; "
          f"median {median(seconds):.1f} s, longest {max(seconds):.1f} s; a place in the queue was "
          f"shown in {queued} rounds; {len(pages[::2]) * (rounds // _UPLOADS)} files added; memory "
          f"by quarters {quarters} MB, {megabytes[-1]:.0f} at the end")  # fmt: skip


def begin(pages: Sequence[Any], address: str) -> None:
    """A new conversation for each visitor."""
    for page in pages:
        page.set_default_timeout(_PATIENCE)
        page.goto(address)


def send(page: Any, question: str) -> None:
    page.locator(_SEND).wait_for()
    box = page.get_by_test_id("composer")
    box.fill(question)
    box.press("Enter")


def fits(page: Any, own: Sequence[str], asked: dict[str, str]) -> bool:
    """Whether a page shows its visitor's questions and the answer to the last one, once it is
    drawn: until then Streamlit leaves parts of the drawing before on the page."""
    page.locator(".question", has_text=own[-1]).last.wait_for()
    page.locator(_SEND).wait_for()
    until = time.monotonic() + _DRAWN
    while not (right := is_right(page, own, asked)) and time.monotonic() < until:
        page.wait_for_timeout(300)
    return right


def is_right(page: Any, own: Sequence[str], asked: dict[str, str]) -> bool:
    shown = page.locator(".question").all_inner_texts()
    said = " ".join(" ".join(page.locator(".paragraph .words").all_inner_texts()).split())
    head = " ".join(asked[own[-1]].split())[:_HEAD]
    return [text.strip() for text in shown] == list(own) and head in said


def upload(page: Any, address: str) -> None:
    """Add a file of a few words on a page of its own."""
    other = page.context.new_page()
    other.goto(f"{address}/library")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"note-{time.monotonic_ns()}.txt")
        path.write_text(f"A note of {path.stem} about nothing that anybody asks.\n")
        other.locator("input[type=file]").first.set_input_files(path)
        other.get_by_text(path.name).first.wait_for(timeout=_PATIENCE)
    other.close()


def memory(process: psutil.Process) -> float:
    """Megabytes of the app and its children."""
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family if one.is_running()) / 1e6


if __name__ == "__main__":
    main()
