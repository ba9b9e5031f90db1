"""A person at the app of a cluster whose parts are killed: asks, reads, opens marks.

The page has to connect again by itself, and to show the conversation whole: each question that was
answered once, in its order. One that was being answered when the app was killed may be missing, and
is asked again. What was read is kept, to be compared with the conversations in the end: no answer
may be another one than that which was shown, and no quote may be of another document.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.app.library_page import chromium
from benchmarks.servers.kill_trial import SENTENCE, say

LOST, WRONG, DID = "page: ", "page is wrong: ", "visitor: "  # before a line of the log
READ = "read.jsonl"  # what was read, in the folder of the trial
_QUESTIONS = 8  # of a conversation
_PATIENCE = 300.0  # seconds for an answer, or for the app to be back
_SETTLED = 1.0  # seconds in which a page that is drawn does not change
_ERROR = "[data-testid=stAlertContentError]"
_IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
_CONNECTED = f"{_IDLE}[data-test-connection-state=CONNECTED]"
# While an answer is written, Stop is in the place of Send.
_SEND = f"{_CONNECTED} .st-key-composer button[aria-label=Send]"


class Visitor:
    """At one browser page."""

    def __init__(self, page: Any, address: str, words: Mapping[int, str], read: Path) -> None:
        """`words` to ask for, by the number of their file; `read` gets the lines of what is
        read."""
        self._page, self._address, self._words, self._read = page, address, words, read
        self._unsure = ""  # a question whose answer was not seen
        self._closed = self._told = 0  # connections that were cut
        page.set_default_timeout(60_000)
        page.on("websocket", lambda socket: socket.on("close", self._cut))

    def converse(self, pick: random.Random) -> None:
        """A new conversation."""
        self._load(self._address)
        kept: list[str] = []
        while len(kept) < _QUESTIONS:
            number = pick.choice([*self._words])
            question = f"On which day is the {self._words[number]} of depot {number} checked?"
            if self._answered(question, kept):
                kept.append(question)
                self._note(question, len(kept))
            time.sleep(pick.uniform(0, 1))

    def _answered(self, question: str, kept: list[str]) -> bool:
        """Whether it is in the conversation now. Says what is wrong with the page."""
        self._ready()
        if self._unsure and self._drawn() == ([*kept, self._unsure], []):
            say(f"{DID}found the answer that was cut off")
            kept.append(self._unsure)
        self._unsure = ""
        closed = self._closed
        box = self._page.get_by_test_id("composer")
        box.fill(question)
        box.press("Enter")
        self._taken(question, closed)
        shown, errors = self._drawn()
        if shown == [*kept, question] and not errors:
            say(f"{DID}was answered")
            return True
        self._unsure = question
        if self._closed > closed and shown == kept:
            say(f"{DID}was cut off: the app was killed before the answer was there")
        elif not errors or shown not in ([], kept, [*kept, question]):
            cut = self._closed - closed
            say(f"{WRONG}{len(kept)} kept, shown {shown}, {errors}, {cut} connections cut")
            self._load(self._page.url)
            shown, _ = self._drawn()
            whole = shown[: len(kept)] == kept
            say(f"{DID}loaded the page, and {'all is' if whole else 'not all is'} there")
            kept[:] = shown
        return False

    def _taken(self, question: str, closed: int) -> None:
        """Wait until the app has the question, says an error, or is away."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._closed == closed:
            if question in self._questions() or self._errors():
                return
            time.sleep(0.2)

    def _ready(self) -> None:
        """Wait until one can ask. The page is loaded where it says an error in place of that."""
        begun = time.monotonic()
        while not self._is_open():
            if time.monotonic() - begun > _PATIENCE:
                say(f"{LOST}not connected again after {_PATIENCE:.0f} s")
                begun = time.monotonic()
                self._load(self._page.url)
            elif told := self._instead():
                say(SENTENCE + told)
                time.sleep(_SETTLED)
                say(f"{DID}loaded a page that said an error")
                self._load(self._page.url)
            time.sleep(0.3)
        if self._closed > self._told:
            say(f"{DID}could ask again after {self._closed - self._told} connections were cut")
            self._told = self._closed

    def _instead(self) -> str:
        """What a page says in the place of the app, or of its input; empty while it is drawn."""
        if self._page.get_by_test_id("stApp").count() == 0:
            return _plain(self._page.inner_text("body"))
        errors = self._errors() if self._is_connected() else []
        return errors[0] if errors and not self._is_open() else ""

    def _is_open(self) -> bool:
        return bool(self._page.locator(_SEND).count() == 1)

    def _is_connected(self) -> bool:
        return bool(self._page.locator(_CONNECTED).count() == 1)

    def _drawn(self) -> tuple[list[str], list[str]]:
        """The questions and the errors of the page, once it is drawn and does not change."""
        begun = since = time.monotonic()
        last: tuple[list[str], list[str]] | None = None
        while time.monotonic() - begun < _PATIENCE:
            there = self._is_open() or self._instead()
            now = (self._questions(), self._errors()) if there else None
            if now is None or now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > _SETTLED:
                for error in now[1]:
                    say(SENTENCE + error)
                return now
            time.sleep(0.2)
        say(f"{LOST}not drawn within {_PATIENCE:.0f} s: {self._page.inner_text('body')[-300:]!r}")
        return self._questions(), self._errors()

    def _questions(self) -> list[str]:
        return [text.strip() for text in self._page.locator(".question").all_inner_texts()]

    def _errors(self) -> list[str]:
        traces = self._page.get_by_test_id("stException").all_inner_texts()
        told = self._page.locator(_ERROR).all_inner_texts()
        return [*(f"\nTraceback {text[:500]}" for text in traces), *map(_plain, told)]

    def _note(self, question: str, turns: int) -> None:
        """What the last answer says, and which document its mark opens."""
        answer = self._page.locator(".answer").last
        row = {
            "conversation": self._page.url.partition("c=")[2].partition("&")[0],
            "question": question, "turns": turns, "opened": "",
            "text": " ".join(answer.locator(".paragraph .words").all_inner_texts()),
        }  # fmt: skip
        closed = self._closed
        if answer.locator(".mark").count():
            answer.locator(".mark").first.click()
            try:
                name = self._page.locator(".page-name")
                name.wait_for()
                self._page.locator(_CONNECTED).wait_for()
                row["opened"] = name.inner_text()
                self._page.locator(".st-key-close-page button").click()
                name.wait_for(state="detached")
            except Exception:  # of Playwright
                cut = self._closed - closed
                say(f"{DID}mark did not open, {cut} connections cut: {self._errors()}")
                self._load(self._page.url)
        with self._read.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def _load(self, address: str) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            try:
                self._page.goto(address)
                return
            except Exception:  # the app is not there
                time.sleep(1)
        say(f"{LOST}not loaded within {_PATIENCE:.0f} s")

    def _cut(self, _: Any) -> None:
        self._closed += 1


def _plain(text: str) -> str:
    return " ".join(text.split()).removeprefix("error ").strip()


def visit(address: str, words: Mapping[int, str], folder: Path) -> None:
    """The work of a child, without an end."""
    pick = random.Random(5)
    with chromium() as browser:
        while True:
            page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
            try:
                Visitor(page, address, words, folder / READ).converse(pick)
            except Exception as error:
                say(f"{LOST}{type(error).__name__}: {str(error).splitlines()[0][:200]}")
            page.context.close()


def compare(folder: Path, kept: Mapping[str, list[dict[str, Any]]], fits: Any) -> None:
    """Print whether the conversations have what was read, once and in its order. `fits`: whether a
    text may be of a document."""
    noted = folder / READ  # not there where nothing was read
    rows = [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []
    read: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        read.setdefault(row["conversation"], []).append(row)
    told: Counter[str] = Counter(conversations=len(read), read=len(rows))
    for conversation, seen in read.items():
        turns = kept.get(conversation, [])
        asked = [turn["question"] for turn in turns]
        wanted = [row["question"] for row in seen]
        told["lost"] += len(Counter(wanted) - Counter(asked))
        told["in another order"] += [one for one in asked if one in wanted] != wanted
        told["doubled"] += sum(count - 1 for count in Counter(asked).values())
        told["not seen by the visitor"] += len(Counter(asked) - Counter(wanted))
        for turn, row in _pairs(turns, seen):
            told["read without a word"] += not _text(row["text"])
            told["another text"] += _text(row["text"]) not in _text(turn["answer"])
            told["marks opened"] += bool(row["opened"])
            told["another document opened"] += bool(row["opened"]) and row["opened"] not in {
                cited["document"] for cited in turn["citations"]
            }
            told["wrong quotes"] += sum(
                not fits(cited["quote"], cited["document"]) for cited in turn["citations"]
            )
            told["quotes"] += len(turn["citations"])
    print("the visitor: " + ", ".join(f"{kind} {count}" for kind, count in told.items()))


def _pairs(
    turns: Iterable[dict[str, Any]], seen: Iterable[dict[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    by_question = {turn["question"]: turn for turn in turns}
    return [(by_question[r["question"]], r) for r in seen if r["question"] in by_question]


def _text(text: str) -> str:
    """Without what is told by spaces and marks."""
    return "".join(letter for letter in text if letter.isalpha())
