"""Stage 3, write: the chat model writes an answer from the packed context."""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.contract.facts import Token, Verdict
from assistant.contract.reply import Reply
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds
from assistant.security.untrusted_text import AddressFilter
from ingest.language.sentences import split_answer

# -- The tokens of a text with their probabilities, from the log-probabilities that a model gives

_SURE = 0.9  # from this probability what could have come instead is left out
_DIGITS = 4


def tokens_of(metadata: Mapping[str, Any]) -> list[Token]:
    """The tokens in the metadata of a chunk; empty where the model reports none."""
    told = metadata.get("logprobs") or {}
    return [_token(one) for one in told.get("content") or ()]


def _token(told: dict[str, object]) -> Token:
    probability = _probability(told)
    others = told.get("top_logprobs") if probability < _SURE else None
    instead = tuple(
        (str(other["token"]), _probability(other))
        for other in (others if isinstance(others, list) else ())
    )
    return Token(str(told["token"]), probability, instead)


def _probability(told: dict[str, object]) -> float:
    return round(math.exp(float(str(told["logprob"]))), _DIGITS)


def showing(tokens: Sequence[Token], text: str) -> tuple[Token, ...]:
    """The tokens of a text that is shown, cut where it begins and ends; none where the text is
    another than the model wrote: an address was taken out of it."""
    start = "".join(token.text for token in tokens).find(text)
    if start < 0 or not text:
        return ()
    shown, end, at = [], start + len(text), 0
    for token in tokens:
        begin, at = at, at + len(token.text)
        words = token.text[max(start - begin, 0) : max(end - begin, 0)]
        if words:
            shown.append(Token(words, token.probability, token.instead))
    return tuple(shown)


# Whether a text, whole or still growing, is given, by its tokens and what the model says of a
# sentence of it, too; None: not known yet.
Stands = Callable[[str], float | None]
Decide = Callable[[str, bool, Sequence[Token], Stands], Verdict | None]


@dataclass(frozen=True)
class Written:
    """The text that a model wrote, whether it was stopped, and the tokens used."""

    text: str
    stopped: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0


def write(
    model: BaseChatModel,
    messages: list[BaseMessage],
    most: int,
    count: Callable[[str], int],
    reply: Reply,
    decide: Decide = lambda text, whole, told, stands: "give",
) -> Generator[str, None, Written]:
    """Yields the text as it comes, up to a number of tokens, once it is decided to give it; what is
    refused is not written to its end. `count` gives a text's tokens."""
    stream = Stream(model, messages, most, reply.cancel, logprobs=True)
    text, shown = "", 0
    verdict: Verdict | None = None
    for words in stream:
        text += words
        verdict = verdict or decide(text, False, stream.told, stream.stands)
        if verdict == "refuse" or reply.cancel.is_set():
            break
        if verdict == "give":
            yield text[shown:]
            shown = len(text)
        if repeats(text):  # at temperature 0 a small model can fall into a loop
            break
    if not reply.cancel.is_set() and verdict != "refuse":
        verdict = decide(text, True, stream.told, stream.stands)
    stopped = reply.cancel.is_set()
    if verdict == "give" and (shown or not stopped):
        yield from filter(None, [text[shown:]])
    elif stopped:
        text = ""  # nobody has seen it, and it was not yet known to be an answer
    else:
        reply.trace.withheld = text
    if repeats(text):
        text = " ".join(split_answer(text)[:-1])
    if not reply.trace.withheld:
        reply.trace.facts.written = showing(stream.told, text.strip())
    return Written(text.strip(), stopped, *stream.tokens(lambda: count(text)))


class Stream:
    """What a model writes, word by word, with what it reports of its tokens. `options` are for our
    own: another model is only asked."""

    def __init__(
        self, model: BaseChatModel, messages: list[BaseMessage], most: int, cancel: Event,
        **options: Any,
    ) -> None:  # fmt: skip
        self._model, self._messages, self._cancel = model, messages, cancel
        # Ours also stops while it reads the prompt; others stop between words.
        self.is_ours = isinstance(model, TokenOdds)
        ours = {"cancel": cancel, "max_tokens": most, **options}
        self._options: dict[str, Any] = ours if self.is_ours else {}
        self.reported = (0, 0)  # tokens of the prompt, and written
        self.told: list[Token] = []
        self.raw = ""  # with addresses that the model has not read

    def __iter__(self) -> Iterator[str]:
        kept = AddressFilter(str(message.content) for message in self._messages)
        for part in self._model.stream(self._messages, **self._options):
            if self._cancel.is_set():
                return
            self.told += tokens_of(part.response_metadata)
            if usage := getattr(part, "usage_metadata", None):
                self.reported = usage["input_tokens"], usage["output_tokens"]
            self.raw += str(part.content)
            yield from filter(None, [kept.feed(str(part.content))])
        yield from filter(None, [kept.rest()])

    def stands(self, said: str) -> float | None:
        """The log-odds of a yes when the model is asked whether the documents state what it has
        said, up to the end of this sentence (P(True): Kadavath and others, Language Models (Mostly)
        Know What They Know, 2022); None where it cannot be asked in between, or has written
        something else: an address was taken out of it."""
        ask = getattr(self._model, "logprobs_aside", None)
        before, found, _ = self.raw.partition(said)
        if ask is None or not found:
            return None
        asked = prompts.whether_stated(self._messages, before + found)
        odds = ask(asked, (prompts.YES, prompts.NO), self._cancel)
        return odds[0] - odds[1] if odds else None

    def tokens(self, written: Callable[[], int]) -> tuple[int, int]:
        """The tokens of prompt and text; counted where our model was stopped and reports none."""
        if not self.is_ours or any(self.reported):
            return self.reported
        return self._model.get_num_tokens_from_messages(self._messages), written()


_EXPECTED = 25  # words


def expected_words(model: BaseChatModel, question: str, cancel: Event) -> str:
    """What a document would print beside the answer, as the model expects it: one line without
    numbers, which it makes up; empty where it writes none or is stopped."""
    text = ""
    for words in Stream(model, prompts.expecting(question), 2 * _EXPECTED, cancel):
        text = (text + words).lstrip()
        if "\n" in text or len(text.split()) > _EXPECTED:
            break
    line = [] if cancel.is_set() else text.partition("\n")[0].split()[:_EXPECTED]
    return " ".join(word for word in line if not any(map(str.isdigit, word)))


def repeats(text: str) -> bool:
    """Whether the last sentence is complete and a repetition, so that writing ends there."""
    *before, last = split_answer(text) or [""]
    return last.endswith((".", "!", "?")) and last in before
