"""Dispatches a request: to the requested tool, else to the first specialist that takes it.

A command, a button, or the person's words and attachments request a tool: a `Router` sees the
message, the names of files and the turn before, never a document.
"""

import difflib
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.contract.facts import Outcome
from assistant.contract.intents import KINDS, Answer, Run
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Specialist, Tool
from assistant.i18n.translation import N_, _
from assistant.routing.slots import ANSWER, Decision, Message, fill, fill_plain, language, numbers
from ingest import extensions
from ingest.errors import PinciteError
from vectorstore.embedding.embedder import Embedder

# -- Which tool a message asks for, as a probability, by a logistic regression fitted beforehand
# Its features are the embedding of the message, hashed character n-grams (which read typos, and
# other languages as far as the examples have them), the first words, the kinds of files that came
# with it, and whether it names a language or numbers of a picture. `scripts/fit_router.py` fits it
# on `examples.jsonl` and writes `weights.npz`: one matrix for the default embedder, and one without
# an embedding for every other, and where none is installed. The default embedder reads English
# only; in other languages the n-grams decide.

WEIGHTS = Path(__file__).with_name("weights.npz")
Floats = NDArray[np.float32]
_BUCKETS = 8192  # of hashed n-grams: half and twice as many classify alike
_WORDS = 60  # of a message that are read, and its last: a request is at its beginning or end
_OPENING = 2  # first words, whose n-grams count apart: "draw a bill", "who drew the bill"
_GRAMS, _EMBEDDING, _OPENING_WEIGHT = 4.0, 4.0, 0.7  # scales, fitted by cross-validation
_PICTURE_WORDS = frozenset({"picture", "last picture"})
_NEEDS = {  # what must be attached for the tool to be a class
    **dict.fromkeys(("edit", "vary", "enhance", "describe", "translate"), _PICTURE_WORDS),
    "clip": frozenset({"video"}),
    "transcribe": frozenset({"recording", "video"}),
}


@dataclass(frozen=True)
class Guess:
    """The likeliest tool, by its name in `intents.KINDS`; below `threshold` it is rejected."""

    tool: str
    probability: float
    threshold: float

    @property
    def is_sure(self) -> bool:
        return self.probability >= self.threshold


@dataclass(frozen=True)
class Weights:
    """Of one fit: coefficients (tools x features), and a threshold for each situation."""

    tools: tuple[str, ...]
    coefficients: Floats
    intercepts: Floats
    thresholds: dict[str, float]

    def guess(self, message: Message, vector: Floats | None) -> Guess:
        """`vector` is the embedding of the message, when the weights have a place for it."""
        scores = self.probabilities(message, vector)
        best = int(scores.argmax())
        return Guess(self.tools[best], float(scores[best]), self.thresholds[situation(message)])

    def probabilities(self, message: Message, vector: Floats | None) -> Floats:
        """The probability of each tool; 0 for tools without something to work on."""
        logits = self.coefficients @ features(message, vector) + self.intercepts
        there = given(message)
        able = [not (needs := _NEEDS.get(tool)) or bool(needs & there) for tool in self.tools]
        odds = np.where(able, np.exp(logits - logits.max(where=np.array(able), initial=-99)), 0)
        chances: Floats = (odds / odds.sum()).astype(np.float32)
        return chances


def classify(message: Message, embedder: Callable[[], Embedder]) -> Guess:
    """The guess of the weights that fit the embedder; without one, of the n-grams alone."""
    for_embedding, fingerprint, without = load()
    with suppress(PinciteError):  # none is installed, or the chosen one is gone or fails
        found = embedder()
        if fingerprint in found.identity.split(":"):
            return for_embedding.guess(message, found.query(message.text))
    return without.guess(message, None)


@cache
def load(path: Path = WEIGHTS) -> tuple[Weights, str, Weights]:
    """With an embedding, the fingerprint of the embedder it was fitted for, and without one."""
    with np.load(path) as kept:
        both = [
            Weights(
                tuple(map(str, kept["tools"])),
                kept[f"{name}_coefficients"].astype(np.float32),
                kept[f"{name}_intercepts"],
                dict(zip(SITUATIONS, kept[f"{name}_thresholds"].tolist(), strict=True)),
            )
            for name in ("embedded", "plain")
        ]
        return both[0], str(kept["embedder"]), both[1]


TOOLS = tuple(kind for kind in KINDS if kind != "run")  # what a package adds has a command
SITUATIONS = ("attached", "shown", "alone")
_KINDS = ("picture", "last picture", "recording", "video")


def situation(message: Message) -> str:
    """The situation: files with the message, a picture in the turn before, or only words."""
    there = given(message)
    if not there:
        return "alone"
    return "shown" if there == {"last picture"} else "attached"


def given(message: Message) -> set[str]:
    """The kinds of what the message can refer to."""
    lists = (message.pictures, message.last_pictures, message.recordings, message.videos)
    return {name for name, files in zip(_KINDS, lists, strict=True) if files}


def features(message: Message, vector: Floats | None) -> Floats:
    """Kinds of files and of arguments, n-grams, then the embedding: all of about one length."""
    there, found = given(message), numbers(message.text)
    flags = [name in there for name in _KINDS]
    flags += [
        not there,
        bool(language(message.text)),
        bool(found.size or found.seed or found.steps),
    ]
    parts = [np.array(flags, np.float32), _GRAMS * ngrams(message.text)]
    if vector is not None:
        parts.append(_EMBEDDING * vector)
    return np.concatenate(parts)


def ngrams(text: str) -> Floats:
    """Hashed character n-grams of 3 and 4 letters, and those of the first words and the last
    (feature hashing: Weinberger et al., 2009); without accents, each digit as 0."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = re.sub(r"\d", "0", "".join(c for c in plain if not unicodedata.combining(c)))
    every = re.findall(r"\w+|[^\w\s]", plain)
    words = every[:_WORDS]
    everywhere = Counter(gram for word in words for gram in _pieces(word))
    at_edges = Counter(f"{i}{g}" for i, w in enumerate(words[:_OPENING]) for g in _pieces(w))
    if words:
        at_edges[f"end {every[-1]}"] = 2
    at_edges[f"length {min(len(words), 12) // 2}"] = 1
    counted = {gram: 1 + float(np.log(n)) for gram, n in everywhere.items()}
    return _hashed(counted) + _OPENING_WEIGHT * _hashed(at_edges)


def _pieces(word: str) -> list[str]:
    """Its n-grams, and its letters without their order: "drwa" has those of "draw"."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in (3, 4) for i in range(max(len(padded) - n + 1, 1))]
    return [*grams, f"{word[0]} {''.join(sorted(word))}"]


def _hashed(counted: dict[str, float] | Counter[str]) -> Floats:
    """Of length 1."""
    vector = np.zeros(_BUCKETS, np.float32)
    for gram, weight in counted.items():
        vector[zlib.crc32(gram.encode()) % _BUCKETS] += weight
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


# -- Parses messages that begin with a command, such as "/draw a lighthouse"

NAME = re.compile(r"[a-z]{2,20}")  # of a command; people may type it in capitals
# A word alone: "/usr/local" and "/etc" are places on a disk.
_COMMAND = re.compile(r"^\s*/([A-Za-z]{2,20})(?=\s|$)[ \t]*(.*)$", re.DOTALL)
_PLACES = re.compile(
    r"(?:bin|boot|dev|etc|home|lib|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)$"
)
_PICTURE = N_("Attach a picture to your message, or draw one first: /{name} is about a picture.")
_RECORDING = N_("Attach a recording or a video to your message: /{name} writes down what it says.")
_VIDEO = N_("Attach a video to your message: /{name} tells what happens in it.")


@dataclass(frozen=True)
class Command:
    """`what` and `example` are for people, `lacks` for one who left out the file or the words."""

    name: str
    what: str
    example: str
    lacks: str


def command(message: Message) -> Decision | None:
    """The decision; None for a message without a command."""
    found = _COMMAND.match(message.text)
    if found is None or _PLACES.match(found[1]):
        return None
    name, rest = found[1].lower(), found[2].strip()
    known = COMMANDS.get(_ALIASES.get(name, name))
    if known is None:
        return Decision(Answer(), notice=unknown(name))
    if known.name == "ask":
        return Decision(Answer(), question=rest, notice="" if rest else _(known.lacks))
    intent = fill_plain(known.name, replace(message, text=rest))
    if intent is None:
        return Decision(Answer(), notice=_lacking(known, message))
    return Decision(intent)


def _lacking(known: Command, message: Message) -> str:
    if known.name == "edit" and message.picture:
        return _("Say what to change: /edit make the sky orange.")
    return _(known.lacks, name=known.name)


def extension_command(message: Message, first: Collection[str] = ()) -> Decision | None:
    """The decision for an extension's tool; None for other messages.

    A built-in command wins over an extension of the same name, unless `first` has the name.
    """
    found = _COMMAND.match(message.text)
    name = found[1].lower() if found else ""
    if found is None or not extensions.find(extensions.TOOLS, name, name in NAMES, first):
        return None
    return Decision(Run(name, found[2].strip()))


def unknown(name: str) -> str:
    """A sentence with the known commands, and the nearest one."""
    added = extensions.installed(extensions.TOOLS)
    near = difflib.get_close_matches(name, [*COMMANDS, *_ALIASES, *added], n=1, cutoff=0.6)
    known = [f"- {c.example}: {_(c.what)}" for c in COMMANDS.values()]
    more = [f"- /{name}: {e.summary or e.package}" for name, e in added.items()]
    listed = "\n".join([*known, *more])
    if not near:
        told = _("There is no command /{name}. These are known:", name=name)
    else:
        other = _ALIASES.get(near[0], near[0])
        told = _("There is no command /{name}. Did you mean /{near}? These are known:",
                 name=name, near=other)  # fmt: skip
    return f"{told}\n\n{listed}"


_ALL = (
    Command(
        "ask", N_("answers from your documents"), "/ask how long is the notice period?",
        N_("Say what you want to know: /ask how long is the notice period?"),
    ),
    Command(
        "draw", N_("draws a new picture"), "/draw a lighthouse at dusk",
        N_("Say what to draw: /draw a lighthouse at dusk."),
    ),
    Command("edit", N_("changes a picture as you say"), "/edit make the sky orange", _PICTURE),
    Command("vary", N_("makes another picture like one"), "/vary", _PICTURE),
    Command("enhance", N_("enlarges and sharpens a picture"), "/enhance 2x", _PICTURE),
    Command("describe", N_("says what a picture shows"), "/describe what is on it?", _PICTURE),
    Command("translate", N_("translates the text in a picture"), "/translate to German", _PICTURE),
    Command("transcribe", N_("writes down what a recording says"), "/transcribe", _RECORDING),
    Command("clip", N_("tells what happens in a video"), "/clip when does the door open?", _VIDEO),
    Command(
        "speak", N_("reads a text, or the last answer, aloud"), "/speak Good morning",
        N_("Say what to speak: /speak Good morning."),
    ),
    Command(
        "chart", N_("draws numbers of your documents"), "/chart revenue by year",
        N_("Say what to chart: /chart revenue by year."),
    ),
)  # fmt: skip
COMMANDS = {known.name: known for known in _ALL}
_ALIASES = {
    "paint": "draw", "upscale": "enhance", "caption": "describe", "say": "speak", "read": "speak",
    "plot": "chart", "video": "clip", "watch": "clip", "change": "edit", "answer": "ask",
}  # fmt: skip
# That need no words, with a file or behind an answer.
ALONE = frozenset(COMMANDS) - {"ask", "draw", "edit"}
NAMES = frozenset({*COMMANDS, *_ALIASES})  # that an extension gets only by the settings


_LONGEST = 2_000  # characters: a longer message is a pasted text, and asks for no tool
_MOST = 20_000  # characters that specialists look at, each of which may search for them


Router = Callable[[Message, Callable[[], Embedder]], Decision]
"""Decides which tool a message without a command asks for."""


def route(message: Message, embedder: Callable[[], Embedder]) -> Decision:
    """Route by the classifier. Doubtful messages are questions to the documents, because a false
    call costs more than one that a person repeats with /draw.

    The embedder is used only for short messages with words.
    """
    if len(message.text) > _LONGEST:
        return ANSWER
    if not message.text.strip():
        return _unworded(message)
    guess = classify(message, embedder)
    guessed = guess.tool, guess.probability
    if guess.tool == "answer" or not guess.is_sure:
        return Decision(Answer(), guess=guessed)
    intent = fill(guess.tool, message)
    if intent is not None:
        why = _("likeness to known requests")
        return Decision(intent, why, guess=guessed)
    if guess.tool == "speak":
        return Decision(Answer(), notice=_("There is no answer yet that could be read aloud."))
    return ANSWER


def _unworded(message: Message) -> Decision:
    """The decision for files without words: they are read."""
    for tool in ("describe", "clip", "transcribe") if message.files else ():
        if intent := fill(tool, message):
            return Decision(intent, _("the attached file"))
    return ANSWER


class General(Tool, Protocol):
    """The tool for all questions that no other one takes."""

    def prepare(self, request: Request, cancel: Event) -> bool:
        """Read ahead what an answer would read; whether it is read."""
        ...

    def hurry(self) -> None:
        """Stop what is read ahead: somebody asks."""
        ...


class Choosing:
    """Sends an intent to its tool. For questions to the documents, specialists are tried in order,
    and the general answer is last."""

    name = "choosing"

    def __init__(
        self,
        specialists: Sequence[Specialist],
        general: General,
        makers: Sequence[Specialist] = (),
        router: Router = route,
        extensions_first: Collection[str] = (),
    ) -> None:
        """`makers` are the tools for intents other than an answer. `extensions_first` names the
        commands that an extension takes from a built-in tool."""
        self._specialists = tuple(specialists)
        self._general = general
        self._makers = tuple(makers)
        self._router = router
        self._extensions_first = extensions_first

    def run(self, request: Request) -> Reply:
        """The reply of the tool that takes the request; it names that tool, and why."""
        self._general.hurry()  # before anything is searched
        choice = self._choose(request)
        if choice.notice:
            reply = _say(choice.notice)
        else:
            routed = replace(request, intent=choice.intent)
            reply = self._make(routed, choice.why) or self._answer(routed, choice.question)
        reply.question, reply.attached = request.question, request.files  # as typed
        reply.trace.facts.tool_guess = choice.guess
        return reply

    def prepare(self, request: Request, cancel: Event) -> bool:
        """Read ahead what the general answer would read, see `AnswerTool.prepare`; nothing for what
        another tool does."""
        choice = self._choose(request)
        if choice.notice or not isinstance(choice.intent, Answer):
            return False
        whole = replace(request, question=choice.question or request.question)
        others = self._specialists if len(whole.question) <= _MOST else ()
        if any(cancel.is_set() or specialist.offer(whole) for specialist in others):
            return False
        return self._general.prepare(whole, cancel)

    def _choose(self, request: Request) -> Decision:
        if request.intent is not None:
            return Decision(request.intent)
        if request.given:  # a question about given passages
            return ANSWER
        message = message_of(request)
        if found := extension_command(message, self._extensions_first) or command(message):
            return found
        return self._router(message, request.evidence.embedder)

    def _make(self, request: Request, why: str) -> Reply | None:
        if isinstance(request.intent, Answer):
            return None
        offers = (maker.offer(request) for maker in self._makers)
        reply = next(filter(None, offers), None)
        if reply is not None:
            reply.intent, reply.why = request.intent, why
        return reply

    def _answer(self, request: Request, question: str) -> Reply:
        whole = replace(request, question=question or request.question)
        specialists = self._specialists if len(whole.question) <= _MOST else ()
        offers = (specialist.offer(whole) for specialist in specialists)
        reply = next(filter(None, offers), None) or self._general.run(whole)
        reply.meant = whole.question  # as answered
        return reply


def message_of(request: Request) -> Message:
    """The router's whole input: the person's words and files, and the turn before."""
    last = request.history[-1] if request.history else None
    if last is None:
        return Message(request.question, request.files)
    return Message(request.question, request.files, last.files, last.answer, last.question)


def _say(text: str) -> Reply:
    """A sentence on commands, which no document says."""

    def work(reply: Reply) -> Iterator[str]:
        yield text
        reply.outcome = Outcome(text, grounded=False)

    return Reply("", work, "commands", "commands")
