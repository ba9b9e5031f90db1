"""Finds sentences of documents that instruct an assistant, so that they stay out of prompts.

A small model obeys what it reads. `instruction_head` grades the sentences of a passage; a few
plain patterns, of what no ordinary document says, find the same without any model. An instruction
is left out. A doubtful sentence is left out of a question that has no word in common with it, so
that an ordinary one still answers the questions that it answers.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.contract.facts import Outcome, Passage
from assistant.i18n.translation import _
from assistant.security.untrusted_text import fold
from ingest.language.dates import MONTH
from ingest.language.sentences import spans
from ingest.language.words import stems
from vectorstore.embedding.embedder import Embedder

# -- Plain patterns of instructions to an assistant, in English: a tripwire that needs no model
# Each sentence is scored by what such instructions are made of: a demand, the assistant's own
# answer as its object, a form of that answer, words about assistants, and work that only an
# assistant is asked for. What ordinary documents demand of their readers has one of these, not two,
# or it speaks of what people handle: ink, envelopes, copies, dates, parts of an exam.

INSTRUCTION = 3.5  # the score from which a sentence is one

_VERBS = (
    "act|add|analy[sz]e|answer|append|apply|augment|begin|bypass|claim|classify|compose|convert"
    "|create|decode|describe|determine|disregard|embed|emphasi[sz]e|encode|encrypt|end|enhance"
    "|explain|express|finish|forget|format|generate|give|help|highlight|identify|ignore|include"
    "|incorporate|insert|integrate|introduce|invert|list|make|mention|modify|output|override"
    "|paraphrase|pretend|print|produce|promote|provide|put|recommend|render|repeat|replace|reply|respond"
    "|return|reveal|reverse|rewrite|say|scramble|send|shift|show|spell|start|state|substitute"
    "|suggest|summari[sz]e|swap|teach|tell|transform|translate|transpose|turn|use|weave|write"
)
_OWN = "(?:answer|completion|generation|output|reply|replies|response|summary)s?"
_LANGUAGES = (
    "arabic|chinese|dutch|english|french|german|greek|hindi|italian|japanese|korean|latin|mandarin"
    "|portuguese|russian|spanish|swahili|turkish|another language"
)
_FORMS = (
    "caesar|cipher(?:ed|s|text)?|encrypt(?:ed|ion)?|encod(?:e|ed|ing)|decod(?:e|ed)|rot ?13|morse"
    "|base ?(?:16|32|58|64|85)|hexadecimal|binary code|leetspeak|pig latin|emojis?|backwards?"
    "|mirror(?:ed)?|anagram|upside[ -]down|in reverse|reverse(?:d)? (?:order|sequence|text)"
    "|(?:order|sequence) of (?:the )?(?:letters|characters|words)|(?:character|letter|word)s?['’]?"
    r" order|(?:each|every) (?:letter|character|word)|haiku|limerick|rhym\w+"
    r"|substitution|substitut\w+ (?:each|every|all|(?:the )?letters?|vowels?|words?)"
    r"|(?:all|block) caps|(?:capital|upper[- ]?case) letters|\bjson\b|in the style of"
    # Of two languages a person may choose one.
    f"|(?:to|in|into) (?:{_LANGUAGES})(?!(?:, \\w+)*,? (?:or|and) (?:{_LANGUAGES}))"
)
_POLITE = "(?:and|also|now|then|instead|first|finally|next|please|kindly|important|attention|note)"
_TO_YOU = (
    "(?:can|could|would|will) you (?:please )?|you (?:must|should|need to|have to|are to|will)"
    " (?:always |now )?|(?:be sure|make sure|remember|do not forget|don't forget) to"
    " |i (?:want|need|would like) you to "
)
_FIRST = "(?:(?:in|to|at|for|with|from|before|after|when|while) [^,]{1,60}, (?:please )?)?"
_ADDED = (
    "add|append|include|incorporate|insert|integrate|introduce|embed|weave|mention|augment|enhance"
    "|modify|promote|highlight|suggest(?:ing)?|recommend(?:ing)?|hide"
)
_CHANGED = (
    "alter|augment|encode|encrypt|enhance|invert|modify|replace|scramble|shift|transform|translate"
)
_WITH = (
    r"(?:with (?:[\"“']|the (?:words?|phrase|sentence|name|letter)|an? (?:\w+ )?(?:link|joke|emoji"
    r"|poem|recommendation|advert))|by \w+ing)"
)
_CLAIMED = "say|state|claim|write|assert|tell|mention|include|suggest|note|explain"
_NOT_PAPER = "(?! (?:card|form|sheet|slip|envelope|booklet|letter|paper|box|book)s?\\b)"
_ITS_OWN = r"(?! of (?!this\b|the (?:document|text|passage|e?-?mail|article|above)\b))"
_BEFORE = "previous|prior|above|earlier|preceding|all|any|other|your|these|those|system"
_TOLD = "instructions?|prompts?|rules|guidelines|directions|context|documents?|question"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# What belongs to a conversation with a model, and stands in a document by no accident.
_TURN = _re(
    r"<\|(?:im_start|system|user|assistant|start_header_id|eot_id)\|>\s*\S"
    r"|\[INST\]\s*\S|<<SYS>>|<start_of_turn>\s*\S"
    r"|\"role\"\s*:\s*\"(?:system|developer)\"\s*,\s*\"content\"\s*:\s*\"\w"
)
# Without one of these a sentence speaks to nobody.
_DEMAND = _re(rf"^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:{_TO_YOU})?{_FIRST}(?:{_VERBS})\b(?! ?\d)")
_YOURS = _re(rf"\byour (?:own |whole |entire |final |next |full )?{_OWN}\b{_NOT_PAPER}")
_PLAIN = _re(  # these are enough by themselves
    r"(?<!not )(?<!n't )(?<!n’t )(?<!never )"
    r"\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\b[^.]{0,40}"
    rf"\b(?:{_BEFORE})\b[^.]{{0,25}}\b(?:{_TOLD})\b"
    r"(?! (?:on|of|in) (?:the|your|our) (?:label|box|letter|form|manual|package|leaflet))"
    r"|\b(?:is|was) (?:this|the following) (?:feedback|review|comment|tweet|sentence|text|message)"
    r"\b[^.?]{0,20}\b(?:positive|negative|neutral|sarcastic)\b"
    rf"|^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:(?:ai )?assistant|chat ?bot|language model)[,:] "
    rf"(?:please )?(?:you\b|the (?:user|answer|reader)|do not|don['’]t|never|always|{_VERBS}\b)"
    r"|\b(?:if you are|you are(?: now)?|as) (?:\w+, )?an? "
    r"(?:ai(?! (?:company|vendor|developer|provider|team))|chat ?bot|llm|large language model"
    r"|language model)\b(?=.*\byou\b|.*\b(?:without|answer|reply|respond)\b)"
    r"|\b(?:do not|don't|never) (?:answer|mention|reveal|cite) (?:the|this|any|these) (?:question"
    r"|documents?|sources?|user)\b"
    r"|\b(?:ignore|disregard) (?:the|this|that) (?:user['’]?s? )?(?:question|prompt|query)\b"
    r"(?! (?:mark|if|when|on|in))"
    r"|^\W*new instructions?:|\bforget everything\b|\binstead of answering\b"
    r"|\bwhen(?:ever)? (?:you are )?asked (?:about|for)\b[^.]*\b(?:say|answer|reply|respond)\b"
)
_SPEAKING = ((1.0, _DEMAND), (1.5, _YOURS), (INSTRUCTION, _PLAIN))
# What it then wants, by the weight of each.
_WANTED = {
    0.5: [rf"\b(?:{_ADDED})\b|\b(?:in|of|to) your messages?\b"],
    1.0: [
        rf"\b(?:in|into|to|with|within|of|from|for|throughout) your \w+ {_OWN}\b",
        rf"^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:{_TO_YOU})?(?:reply|respond|answer)\b"
        r"(?! (?:to|within|by|before|the|this|no))",
        r"\b(?:advertis\w+|promot\w+|special offers?|discounts?)\b",
    ],
    1.5: [
        rf"\b(?:the|this|its) (?:whole |entire |final |next |full )?{_OWN}\b{_ITS_OWN}",
        r"^\W*(?:please )?(?:reply|respond|answer)\b.*\bonly\b(?! (?:if|when)\b)",
        r"\bact as an?\b",
        # Teachers ask for these, too.
        r"\b(?:write|compose|give|tell|make)\b[^.]{0,25}\b(?:poem|story|joke|riddle|essay|tweet)\b",
    ],
    2.0: [
        # Something is put into the answer, or it is changed; but "include your name" is of readers.
        rf"\b(?:{_ADDED})\b(?! your\b).* (?:in|into|to|with|within|throughout) your {_OWN}\b"
        rf"{_NOT_PAPER}|\bin your {_OWN},? (?:please )?(?:{_ADDED})\b(?!.*\byour?\b)",
        rf"\b(?:{_CHANGED})\b.{{0,40}}\byour (?:\w+ )?{_OWN}\b",
        rf"\b(?:{_CLAIMED}) (?:in|at the end of) your {_OWN},? that\b",
        rf"\bin your {_OWN},? (?:please )?(?:{_CLAIMED}) that\b",
        rf"\b(?:begin|start|end|finish) (?:each of |all )?your {_OWN} {_WITH}",
        rf"\byour {_OWN} (?:must|should|needs? to|has to|will|shall) (?:\w+ )?"
        r"(?:be (?:an?|encoded|given|only|written)\b|be in (?!confidence)|begin|consist"
        r"|contain|end|emphasi[sz]e|include|mention|promote|recommend|say|start|state|use)",
        rf"\b(?:{_FORMS})\b",
        r"\b(?:ai(?! \w+(?:er|ist|ment|ence|gy)\b)|llms?|chat ?bot|chatgpt|gpt|language model)\b",
    ],
    2.5: [
        r"\b(?:every|any|all) (?:answer|reply|response)s? (?:that )?you\b",
        r"^\W*(?:reply|respond|answer) (?:to )?(?:every|any|all) questions? with\b",
        r"\bsystem prompt\b|\byou were (?:given|told)\b|\b(?:text|words|message) above\b",
        r"\bpretend (?:to be|that you)\b|\b(?:contents? of )?this conversation\b",
        # Work that people ask of assistants, not of the readers of a document.
        r"^\W*(?:[\w']+ ){0,4}(?:write|generate|create|compose|provide|give|show|tell|make)\b"
        r"[^.]{0,25}\b(?:script(?! for an?\b)|python|shell|bash|command|code snippet)\b"
        r"|\b(?:sentiment|mood|tone|emotion) (?:of|in) (?:this|the following|that)\b"
        r"|\b(?:translate|paraphrase|rewrite|rephrase|summari[sz]e|classify) (?:this|the"
        r" following)\b(?! (?:sentences|words|verbs|paragraphs|expressions)\b)"
        r"|\b(?:show|teach|tell) me how to\b",
    ],
}
_WEIGHED = [(weight, _re(one)) for weight, some in _WANTED.items() for one in some]
# What people handle, and models do not: letters, forms, exams, devices.
_OF_PEOPLE = _re(
    r"\b(?:ink|pencil|envelopes?|postage|by (?:post|fax|phone)|in writing|hand-?written|signed"
    r"|signatures?|letterhead|passport|certificates?|questionnaires?|booklet|answer sheet"
    r"|attend(?:ing)?|guests?|newsletter|examiners?|candidates?|margin|calculator)\b"
    r"|in your own words|scale from|\b(?:customer|reference|invoice|order|policy|account|case"
    r"|file|membership|tax|telephone"
    r"|phone|contract|student|employee|personnel) (?:number|name|id)\b"
    r"|\b(?:this|our|the enclosed|your) (?:letter|form|reference|card)\b|\bcop(?:y|ies) of\b"
    r"|\b(?:reach|tell|contact|send|write to|let|help|to) us\b|\bno later than\b"
    rf"|\bby (?:\d\d? [a-z]|noon|mon|tues|wednes|thurs|fri|satur|sun|{MONTH}\b)"
    r"|\bwithin [\w-]+ (?:\w+ )?(?:days|weeks|hours)\b"
    r"|\b(?:questions? \d+|section [a-z]|part [a-z]|(?:sentences?|words?|passage|text) below)\b"
    r"|\bof the \w+ questions\b|\bfollowing (?:sentences|words|verbs|paragraphs|expressions)\b"
    r"|\b\d+ (?:words|characters|marks|significant figures|decimal places)\b"
    r"|\b(?:unless|if you (?:are not|have|wish|want|would|need))\b"
    r"|\bat the end of the (?:report|letter|form|thesis|page|essay)\b"
)


@lru_cache(maxsize=4096)
def pattern_score(sentence: str) -> float:
    """How much a sentence is like an instruction to an assistant; from INSTRUCTION on it is one."""
    text = " ".join(sentence.split())
    if _TURN.search(text):
        return INSTRUCTION
    spoken = sum(weight for weight, pattern in _SPEAKING if pattern.search(text))
    if not spoken or _PLAIN.search(text):
        return spoken
    wanted = sum(weight for weight, pattern in _WEIGHED if pattern.search(text))
    return spoken + wanted - 2.0 * bool(_OF_PEOPLE.search(text))


# -- How much a sentence of a document is like an instruction to an assistant: a logistic regression
# Its features are hashed words and letters, the embedding of the sentence, and how near that is to
# the sentences around it, where these go together: an instruction is seldom about what its page is
# about. The three were fitted together by `scripts/fit_instruction_head.py`. Without the default
# embedding model the words and letters decide alone, which finds fewer.

WEIGHTS = Path(__file__).with_name("instruction_head.npz")
Floats = NDArray[np.float32]
Range = tuple[int, int]
BUCKETS = 1 << 14
GRAMS, EMBEDDING, CONTEXT, PATTERN = 4.0, 4.0, 4.0, 0.5  # scales of the features, regularised
_READ = 60  # words of a sentence
_REACHES = (1, 3)  # sentences on either side: a few show that most are at home there
_MARGIN = 0.5  # of a score, that more neighbours may change
# Coherence of neighbours below which nothing is about what its page is about, as on slides and in
# notes: of 30 notes 98 % are below it, of passages of three sentences 4 %, of six 1 %.
_COHERENT = 0.28
_FARTHEST = np.array([-0.05, 0.0], np.float32)  # cosines: hardly a sentence is less near its page
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Thresholds:
    """Scores from which a sentence is worth a closer look, doubtful, and an instruction."""

    gate: float
    doubtful: float
    sure: float


@dataclass(frozen=True)
class Head:
    """The fitted weights; `embedder` is the fingerprint of the model that they belong to."""

    plain: Floats  # (BUCKETS + 1,): of hashed grams alone, and an intercept
    full: Floats  # (BUCKETS + dimensions + 2 + 1,): grams, embedding, context, intercept
    alone: Floats  # (2,): the context of a sentence whose neighbours show nothing
    of_plain: Thresholds
    of_full: Thresholds
    embedder: str


_installed: list[Embedder] = []  # the one whose vectors the head knows, once it is loaded


def use_embedder(embedder: Embedder) -> None:
    """Let the head see the meaning of sentences, where it was fitted for this embedder."""
    if not _installed and load().embedder in embedder.identity.split(":"):
        _installed.append(embedder)


def grades(sentences: Sequence[str], joined: Sequence[Range] = ()) -> list[int]:
    """2 for an instruction, 1 where that is doubtful, else 0: for each sentence of a passage, then
    for each range of sentences that may be one, given by the first number and the one after."""
    head, folded = load(), [fold(sentence) for sentence in sentences]
    ranges = [(i, i + 1) for i in range(len(folded))] + list(joined)
    said = folded + [fold("\n".join(sentences[a:b])) for a, b in joined]
    found = [hashed(text) for text in said]
    scores = [_sum(head.plain, *grams) + float(head.plain[-1]) for grams in found]
    limits = head.of_plain
    if _installed:
        near = [i for i, score in enumerate(scores) if score >= limits.gate]
        scores, limits = [head.of_full.doubtful - 1.0] * len(scores), head.of_full
        vectors = _Vectors(folded, [said[i] for i in near])
        for i in near:
            worded = _sum(head.full, *found[i]) + float(head.full[-1])
            scores[i] = vectors.score(said[i], ranges[i], worded, head)
    return [(s >= limits.doubtful) + (s >= limits.sure) for s in scores]


class _Vectors:
    """The embeddings of the sentences of a passage, each computed when it is needed."""

    def __init__(self, folded: Sequence[str], near: Sequence[str]) -> None:
        """`near`: what will be scored, embedded at once on all cores."""
        self._folded = folded
        self._known: dict[str, Floats] = {}
        self._of(near)

    def score(self, said: str, place: Range, worded: float, head: Head) -> float:
        """The score of what a range of sentences says, from `worded`, that of its words alone. Its
        neighbours are read only where they can make a difference."""
        [vector] = self._of([said])
        score = worded + EMBEDDING * float(head.full[BUCKETS:-3] @ vector)
        of_context = CONTEXT * head.full[-3:-1]
        if score + float(of_context @ _FARTHEST) < head.of_full.doubtful:
            return score + float(of_context @ head.alone)
        for reach in _REACHES:
            near = score + float(of_context @ self._context(vector, place, reach, head))
            if near < head.of_full.doubtful - _MARGIN:
                break
        return near

    def _context(self, vector: Floats, place: Range, reach: int, head: Head) -> Floats:
        first, behind = place
        beside = [*self._folded[max(0, first - reach) : first]]
        beside += self._folded[behind : behind + reach]
        around = self._of([text for text in beside if text])
        coherent = len(around) > 1 and coherence(np.stack(around)) >= _COHERENT
        return context(vector, np.stack(around)) if coherent else head.alone

    def _of(self, texts: Sequence[str]) -> list[Floats]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, _installed[0].passages(new) if new else (), strict=True)
        return [self._known[text] for text in texts]


def coherence(around: Floats) -> float:
    """The mean cosine of at least two sentences to the mean of the others."""
    others = around.sum(0) - around
    others /= np.linalg.norm(others, axis=1, keepdims=True) + 1e-9
    return float((around * others).sum(1).mean())


def context(vector: Floats, around: Floats) -> Floats:
    """(2,): the cosines of a sentence to the mean of its neighbours, and to the closest one."""
    mean = around.mean(0)
    mean /= np.linalg.norm(mean) + 1e-9
    return np.array([mean @ vector, (around @ vector).max()], np.float32)


def hashed(folded: str) -> tuple[NDArray[np.int64], Floats]:
    """Buckets and weights of words, pairs of words, and letter n-grams (feature hashing: Weinberger
    et al., 2009); the first words and the last count apart. The last bucket is what the plain
    patterns see."""
    words = _TOKEN.findall(folded.lower())[:_READ]
    single = [f"{a} {b}" for a, b in pairwise(words)]
    single += [f"^{i}{word}" for i, word in enumerate(words[:2])] * 2
    single += [*(f"${word}" for word in words[-1:]), f"length {min(len(words), 30) // 5}"]
    every = np.concatenate([*map(_of_word, words), [_bucket(gram) for gram in single]])
    buckets, counts = np.unique(every.astype(np.int64), return_counts=True)
    values = 1 + np.log(counts)
    values /= np.linalg.norm(values)
    seen = PATTERN * max(0.0, pattern_score(folded)) / INSTRUCTION
    return np.append(buckets, BUCKETS - 1), np.append(values, seen).astype(np.float32)


@lru_cache(maxsize=20_000)
def _of_word(word: str) -> NDArray[np.int64]:
    """The buckets of a word, which counts twice, and of its letter n-grams."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in (4, 5) for i in range(len(padded) - n + 1)]
    return np.array([_bucket(gram) for gram in (word, word, *grams)], np.int64)


def _bucket(gram: str) -> int:
    return zlib.crc32(gram.encode()) % (BUCKETS - 1)


def _sum(weights: Floats, buckets: NDArray[np.int64], values: Floats) -> float:
    return GRAMS * float(weights[buckets] @ values)


@cache
def load(path: Path = WEIGHTS) -> Head:
    """The classifier's weights and thresholds from an .npz file."""
    with np.load(path) as kept:
        return Head(
            kept["plain"].astype(np.float32),
            kept["full"].astype(np.float32),
            kept["alone"],
            Thresholds(*kept["plain_thresholds"].tolist()),
            Thresholds(*kept["full_thresholds"].tolist()),
            str(kept["embedder"]),
        )


_QUOTED = 90  # characters of an instruction that people are shown
_NAMED = 3  # passages
_SHORT = 40  # characters: an instruction can be split over such lines or cells
_PIECES = 8  # lines of one split sentence
_SURE, _DOUBTFUL = 2, 1
_HEAD = re.compile(r"\W*\w+(?: \w+){0,3} ?[:>]|\W{2,}|.*[:\])=-]$")
Span = tuple[int, int]


def instructions(text: str) -> tuple[Span, ...]:
    """The (start, end) of each instruction to an assistant in a passage, in characters."""
    return tuple((start, end) for start, end, grade in _graded(text) if grade == _SURE)


def without_instructions(text: str, asked: frozenset[str] = frozenset()) -> str:
    """The passage as a model may read it for a question with these stems; without one, doubtful
    sentences stay."""
    kept, last = [], 0
    for start, end, grade in _graded(text):
        if grade == _DOUBTFUL and (not asked or asked & stems(text[start:end])):
            continue
        kept.append(text[last:start].rstrip(" "))
        last = end
        if text[:start].endswith("\n"):  # no empty line is left behind
            last += len(text[end:]) - len(text[end:].lstrip("\n"))
    return "".join([*kept, text[last:]]).strip() if kept else text


def instructs(said: str, passage: str) -> bool:
    """Whether a sentence or line of a passage belongs to an instruction in it."""
    line = " ".join(said.split())
    found = (" ".join(passage[start:end].split()) for start, end in instructions(passage))
    return any(line in sentence or sentence in line for sentence in found)


def noted(outcome: Outcome, left_out: Sequence[Passage] = ()) -> Outcome:
    """The outcome with flagged sentences in its passages, and a notice for each such passage, and
    for each that was `left_out` of what was read."""
    passages = tuple(replace(p, instructions=_found(p)) for p in outcome.passages)
    told = [*dict.fromkeys(_notice(p) for p in (*passages, *left_out) if p.instructions)][:_NAMED]
    return replace(outcome, passages=passages, notices=(*outcome.notices, *told))


def _found(passage: Passage) -> tuple[str, ...]:
    return tuple(" ".join(passage.text[a:b].split()) for a, b in instructions(passage.text))


def _notice(passage: Passage) -> str:
    said = passage.instructions[0]
    quote = said if len(said) <= _QUOTED else f"{said[:_QUOTED]}…"
    return _(
        "A passage of {document}, page {page}, contains instructions to an assistant (“{quote}”); "
        "they were not followed.",
        document=passage.document, page=passage.page, quote=quote,
    )  # fmt: skip


@lru_cache(maxsize=512)
def _graded(text: str) -> tuple[tuple[int, int, int], ...]:
    """The sentences that are instructions or doubtful, with their grade, in order."""
    sentences = _sentences(text)
    said = [text[start:end] for start, end in sentences]
    joined = [*_pairs(said), *_runs(said)]
    given = grades(said, joined)
    alone, together = given[: len(said)], given[len(said) :]
    found = [
        _SURE if pattern_score(fold(sentence)) >= INSTRUCTION else grade
        for sentence, grade in zip(said, alone, strict=True)
    ]
    for (first, behind), grade in zip(joined, together, strict=True):
        if grade == _SURE:
            found[first:behind] = [_SURE] * (behind - first)
    return tuple(
        (*span, grade) for span, grade in zip(sentences, _spread(found), strict=True) if grade
    )


def _pairs(said: Sequence[str]) -> list[Span]:
    """Two sentences in a row, of which one begins like a turn or a heading: "Answer: …"."""
    return [(i, i + 2) for i in range(len(said) - 1) if any(map(_HEAD.match, said[i : i + 2]))]


def _runs(said: Sequence[str]) -> list[Span]:
    """Short lines in a row without a full stop, which may be one sentence, as ranges."""
    runs, first = [], 0
    for number, sentence in enumerate([*said, ""]):
        goes_on = number > first and _is_open(said[number - 1]) and number - first < _PIECES
        if sentence and len(sentence) <= _SHORT and goes_on:
            continue
        if number - first > 1:
            runs.append((first, number))
        first = number
    return runs


def _is_open(sentence: str) -> bool:
    return len(sentence) <= _SHORT and not sentence.endswith((".", "!", "?"))


def _spread(found: Sequence[int]) -> list[int]:
    """Doubtful sentences beside an instruction belong to it."""
    spread = list(found)
    for places in (range(1, len(spread)), range(len(spread) - 2, -1, -1)):
        step = places.step
        for place in places:
            if spread[place] == _DOUBTFUL and spread[place - step] == _SURE:
                spread[place] = _SURE
    return spread


def _sentences(text: str) -> list[Span]:
    """Each by itself, and those that were wrapped over two lines together."""
    found: list[Span] = []
    for start, end in spans(text):
        if found and _wrapped(text[slice(*found[-1])], text[found[-1][1] : start], text[start:end]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _wrapped(before: str, between: str, after: str) -> bool:
    return between == "\n" and not before.endswith((".", "!", "?", ":")) and after[:1].islower()
