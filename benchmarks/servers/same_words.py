"""Does a server give the same words as the model in this process, from the same file?

The whole assistant answers the first questions of the sample company twice at temperature 0: with
the model in this process, and with a server on loopback that loaded the same file. Both have the
same library. Where the prompts differ all the same, the server is asked
again as the process was. Where words part, it prints after how many tokens, and by how much the
process preferred its own token.
`--alone`: the questions without passages, so many tokens of an answer, by the models alone.
"""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.servers.llama_server import running

sys.modules["llama_cpp"] = None  # type: ignore[assignment]  # both sides by the ready build

from assistant.answering.write import write  # noqa: E402
from assistant.contract.reply import Reply  # noqa: E402
from assistant.evaluation.metrics import (  # noqa: E402
    Question,
    read_questions,
)
from assistant.llm import prompts  # noqa: E402
from assistant.llm.chat_model import LlamaCppChat  # noqa: E402
from assistant.llm.server import choose, connect_chat  # noqa: E402
from assistant.models.server_address import ServerAddress, key_of  # noqa: E402
from assistant.settings import Settings  # noqa: E402
from assistant.wiring import composition  # noqa: E402  # after the line above

SAMPLES = common.ROOT / "samples"


@dataclass(frozen=True)
class Answer:
    """What was asked of a model, what it wrote, and what became of it."""

    prompt: tuple[tuple[str, str], ...]  # (role, text)
    written: str
    text: str

    @property
    def given(self) -> bool:
        """Whether what was written became the answer."""
        return self.text == self.written


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--alone", type=int, metavar="TOKENS", default=0)
    options = parser.parse_args()
    model = common.model(options, "chat")
    asked = read_questions(SAMPLES / "questions.jsonl")[: options.questions]
    if options.alone:
        return alone(model, [question.question for question in asked], options.alone)
    with common.fresh_home() as home, running(model) as server:
        common.pincite(
            common.environment(home, options, "embedding"),
            "add",
            "--json",
            *sorted(SAMPLES.glob("*.pdf")),
        )
        embedder = str(common.model(options, "embedding"))
        here = Settings.load(home=home, embedding_model=embedder, chat_model=str(model))
        there = _at(here, server.url)
        process, chat = answers(here, asked)
        other, remote = answers(there, asked)
        again = [_again(remote, one) if one.prompt != o.prompt else o.written
                 for one, o in zip(process, other, strict=True)]  # fmt: skip
        report(asked, process, other, again, chat)


def alone(model: Path, asked: Sequence[str], tokens: int) -> None:
    """Compare the models without the assistant around them."""
    chat = LlamaCppChat.from_file(model, context=2048)
    with running(model, 2048) as server:
        remote = connect_chat(_address(server.url), answer=tokens)
        answered = []
        for question in asked:
            prompt = (("user", question),)
            messages = prompts.from_rows(prompt)
            here = str(chat.invoke(messages, max_tokens=tokens).content)
            answered.append((Answer(prompt, here, here), str(remote.invoke(messages).content)))
            common.say(f"{question}\n  {answered[-1][0].text!r}\n  {answered[-1][1]!r}")
    same = sum(one.written == text for one, text in answered)
    print(common.table([f"of {len(asked)} questions, {model.stem}", ""], [["same words", same]]))
    for question, (one, text) in zip(asked, answered, strict=True):
        if one.written != text:
            print(f"\n{question}: {parting(one, text, chat)}")


def _address(url: str) -> ServerAddress:
    found = ServerAddress.parse(url)
    assert found is not None
    return found


def _at(here: Settings, url: str) -> Settings:
    """The settings of the server."""
    address = _address(url)
    return here.model_copy(update={"chat_model": str(choose(address, key_of(address, here)))})


def answers(settings: Settings, asked: Sequence[Question]) -> tuple[list[Answer], Any]:
    """Of the whole assistant, and the model that wrote them."""
    how = composition.answering(settings)
    if how.model is None:
        sys.exit(how.notice)
    with composition.library(settings) as library:
        assistant = composition.assistant_of(settings, library, how)
        found = []
        for question in asked:
            reply = assistant.ask(question.question)
            found.append(_answer(reply))
            common.say(f"{how.model_name}: {question.id} {found[-1].text[:60]!r}")
    return found, how.model


def _answer(reply: Reply) -> Answer:
    outcome, trace = reply.finish(), reply.trace
    return Answer(trace.asked, (trace.withheld or reply.so_far).strip(), outcome.text)


def _again(remote: Any, one: Answer) -> str:
    """What the server writes to the very prompt of the process."""
    if not one.prompt:
        return ""
    reply = Reply("", lambda _: iter(()))
    shown = "".join(write(remote, prompts.from_rows(one.prompt), 400, len, reply))
    return (shown or reply.trace.withheld).strip()


def report(
    asked: Sequence[Question], process: Sequence[Answer], other: Sequence[Answer],
    again: Sequence[str], chat: LlamaCppChat,
) -> None:  # fmt: skip
    """Print how many are the same, and each difference."""
    pairs = list(zip(process, other, strict=True))
    same = [a.written == text for a, text in zip(process, again, strict=True)]
    whole = [a.text == b.text for a, b in pairs]
    rows = [
        ["given by both, or by none", sum(a.given == b.given for a, b in pairs)],
        ["the same prompt", sum(a.prompt == b.prompt for a, b in pairs)],
        ["the same words to the same prompt", sum(same)],
        ["the same answer of the whole assistant", sum(whole)],
    ]
    print(common.table([f"of {len(asked)} questions", ""], rows))
    for question, one, text in zip(asked, process, again, strict=True):
        if one.written != text:
            print(f"\n{question.id}: {parting(one, text, chat)}")
    for question, (a, b) in zip(asked, pairs, strict=True):
        if a.text != b.text:
            print(f"\n{question.id}\n  here:  {a.text!r}\n  there: {b.text!r}")


def parting(one: Answer, text: str, chat: LlamaCppChat) -> str:
    """Where two answers to a prompt part, and by how much the process preferred its own token."""
    engine = chat._engine()
    ours, theirs = (engine.words.tokenize(words) for words in (one.written, text))
    shared = len([*takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))])
    if shared in (len(ours), len(theirs)):
        return f"one ends after {shared} tokens; {len(ours)} and {len(theirs)} in all"
    prompt = chat._prompt(engine, prompts.from_rows(one.prompt))
    scores = engine.logits_after([*prompt, *ours[:shared]], threading.Event())
    assert scores is not None
    gap = float(scores[ours[shared]] - scores[theirs[shared]])
    return f"they part after {shared} tokens, where the two tokens' scores differ by {gap:.2f}"


if __name__ == "__main__":
    main()
