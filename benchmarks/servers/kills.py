"""What becomes of a conversation whose model server is killed in the middle of an answer?

One conversation with the sample company, answered by a server in a child process. Ten times the
server is killed: while it reads the prompt or writes, or after some words were shown. What ended
before does not count. The question must then be shown as failed, with one sentence that names the
server, and the earlier turns must stay. Asked again, it must fail while the server is away and be
answered when it is back.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import common
from benchmarks.servers.llama_server import LlamaServer, running

sys.modules["llama_cpp"] = None  # type: ignore[assignment]  # the ready build

from assistant.conversation.assistant import Assistant  # noqa: E402
from assistant.evaluation.metrics import read_questions  # noqa: E402
from assistant.settings import Settings  # noqa: E402
from assistant.ui.background import (  # noqa: E402
    Answers,
    RunningAnswer,
)
from assistant.wiring import composition  # noqa: E402

SAMPLES = common.ROOT / "samples"
# When the server is killed: seconds after the search, or after so many characters of the answer. An
# answer that is shown only when it is whole has none before.
_READING, _WORDS = (0.1, 0.5, 1.5, 3.0), (1, 20)
_PATIENCE = 600.0


@dataclass(frozen=True)
class Killed:
    """What a person saw of one question."""

    moment: str
    shown: str  # the error
    kept: bool  # the question stands in the conversation as failed, and earlier turns stay
    away: str  # the error while no server answers
    answered: bool  # when the server is back
    late: bool = False  # the answer was complete before: nothing was killed in the middle


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    asked = [q.question for q in read_questions(SAMPLES / "questions.jsonl") if q.answerable]
    with common.fresh_home() as home, running(common.model(options, "chat")) as server:
        documents = sorted(SAMPLES.glob("*.pdf"))
        common.pincite(common.environment(home, options, "embedding"), "add", "--json", *documents)
        embedder = str(common.model(options, "embedding"))
        settings = Settings.load(home=home, embedding_model=embedder, chat_model=server.url)
        with composition.library(settings) as library:
            assistant = composition.assistant_of(settings, library)
            rows: list[Killed] = []
            while sum(not row.late for row in rows) < options.kills:
                rows.append(one(assistant, server, asked[len(rows)], len(rows)))
            turns = [turn["question"] for turn in assistant.conversations.turns("trial")]
        report(rows)
        lost = [question for question in asked[: len(rows)] if question not in turns]
        print(f"\nturns of the conversation: {len(turns)}, questions lost: {len(lost)}")


def one(assistant: Assistant, server: LlamaServer, question: str, number: int) -> Killed:
    """Ask, kill, ask, start, ask."""
    moment, due = _moment(number)
    answers, before = Answers(), len(assistant.conversations.turns("trial"))
    failed = answers.start("trial", assistant.ask(question, conversation="trial"))
    while not due(failed) and not failed.ended:
        time.sleep(0.01)
    server.kill()
    failed.wait(_PATIENCE)
    late = not failed.error
    still = answers.of("trial")
    turns = len(assistant.conversations.turns("trial"))
    kept = still is failed and failed.reply.question == question and turns == before + late
    away = RunningAnswer(assistant.ask(question, conversation="trial"))
    away.wait(_PATIENCE)
    server.start()
    again = RunningAnswer(assistant.ask(question, conversation="trial"))
    again.wait(_PATIENCE)
    answered = not again.error and len(assistant.conversations.turns("trial")) == turns + 1
    common.say(f"{moment}: {failed.error} / {away.error} / {answered} {again.error}")
    return Killed(moment, failed.error, kept, away.error, answered, late)


def _moment(number: int) -> tuple[str, Callable[[RunningAnswer], bool]]:
    """The moments in turn."""
    number %= len(_READING) + len(_WORDS)
    if number < len(_READING):
        return f"{_READING[number]} s after the search", _since_search(_READING[number])
    most = _WORDS[number - len(_READING)]
    return f"after {most} characters", lambda running: len(running.reply.so_far) >= most


def _since_search(seconds: float) -> Callable[[RunningAnswer], bool]:
    begun: list[float] = []

    def due(running: RunningAnswer) -> bool:
        if running.reply.activity.stage not in ("", "Searching") and not begun:
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() - begun[0] >= seconds

    return due


def report(rows: list[Killed]) -> None:
    """Print what was seen."""
    told = [row for row in rows if row.shown.count("127.0.0.1") == 1 and "\n" not in row.shown]
    print(common.table(
        [f"of {len(rows)} kills", ""],
        [
            ["killed after the end of the answer", sum(row.late for row in rows)],
            ["failed, with a sentence that names the server", len(told)],
            ["the question stays as failed, and the earlier turns stay", sum(r.kept for r in rows)],
            ["asked while no server answers: a sentence, too", sum(bool(r.away) for r in rows)],
            ["answered when the server is back", sum(row.answered for row in rows)],
        ],
    ))  # fmt: skip
    for sentence in sorted({row.shown for row in rows} | {row.away for row in rows} - {""}):
        print(f"\n> {sentence}")


if __name__ == "__main__":
    main()
