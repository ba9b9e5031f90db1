"""Scores one question of a run: a value for each applicable measure.

A row of a run holds the question, the pages that were found, and the answer document:

    {"id", "question": {...}, "hits": [[document, page], ...], "search_seconds",
     "answer": {...} | None, "error": ""}

Documents are named as the question set names them.
"""

import ast
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from assistant.evaluation.metrics import (
    Behaviour,
    EvidencePage,
    PagePair,
    Question,
    contains,
    document_hit,
    first_distinct,
    from_row,
    ndcg,
    page_hit,
    page_recall,
    recall,
    token_f1,
    words,
)
from assistant.i18n.translation import _, ngettext, number
from ingest.language.dates import Date, find_dates
from ingest.language.numbers import in_digits, value_of
from ingest.language.quantities import Quantity, find_quantities
from ingest.language.sentences import split
from ingest.language.words import stems

# -- Judges an answer: by exact rules where the known answer is short, else by word overlap
# | known answer | the answer is right when | |---|---| | yes or no | it says the same: its first
# word, else whether its first sentence denies something | | a list | it says every item | | a date
# | it names that date: year, month and day, as far as they are known | | a number, at most six
# words | it has all its numbers, no other unit with them, and its names | | a name, at most six
# words | it has the words of the name, without accents and titles | | anything longer | enough
# words are shared (F1), and most numbers |
# How often this agrees with a person who reads is measured in docs/evaluation.md.

Rule = Literal["yes or no", "list", "date", "number", "name", "text"]
Label = Literal["correct", "wrong", "refused"]

SHORT = 6  # words of a known answer that must occur literally
ALIKE = 0.35  # word F1 from which a longer answer counts as the known one

_YES, _NO = {"yes", "true"}, {"no", "false"}
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without)\b|n't\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")
_TITLES = {"mr", "mrs", "ms", "dr", "prof"}


def answer_label(answer: str, refused: bool, known: Iterable[str]) -> Label:
    """The label of an answerable question."""
    if refused:
        return "refused"
    return "correct" if any(says(answer, one) for one in known) else "wrong"


def says(answer: str, known: str) -> bool:
    """Whether the answer says what the known answer does."""
    return _RULES[rule(known)](answer, known)


def rule(known: str) -> Rule:
    """The rule that compares an answer with this known one."""
    bare = known.strip().lower().rstrip(".")
    if bare in _YES | _NO:
        return "yes or no"
    if _items(known):
        return "list"
    if len(words(known)) > SHORT and not (_days(known) and len(words(known)) <= SHORT + 3):
        return "text"
    if _days(known):
        return "date"
    return "number" if find_quantities(known) else "name"


def _items(known: str) -> list[str]:
    """The items of a list in Python's notation, as in some sets."""
    if not known.strip().startswith("["):
        return []
    try:
        found = ast.literal_eval(known.strip())
    except (ValueError, SyntaxError):
        return []
    return [str(item) for item in found] if isinstance(found, list) else []


def _agrees(answer: str, known: str) -> bool:
    return affirms(answer) == (known.strip().lower().rstrip(".") in _YES)


def affirms(answer: str) -> bool:
    """Whether the answer to a yes-or-no question means yes."""
    first = _first_word(answer)
    if first in _YES | _NO:
        return first in _YES
    return not _DENIES.search((split(answer) or [""])[0])


def _lists(answer: str, known: str) -> bool:
    return all(says(answer, item) for item in _items(known))


def _dates(answer: str, known: str) -> bool:
    said = _days(answer)
    return all(any(one.states(wanted) for one in said) for wanted in _days(known))


def _days(text: str) -> list[Date]:
    """Its dates; a month alone is a word."""
    return [date for date in find_dates(text) if not date.alone]


def _numbers(answer: str, known: str) -> bool:
    if contains(plain(answer), plain(known)):
        return True
    said, names = find_quantities(answer), set(_NAME.findall(known))
    numbers = all(any(same(one, wanted) for one in said) for wanted in find_quantities(known))
    return numbers and names <= set(_NAME.findall(answer))


def same(said: Quantity, known: Quantity) -> bool:
    """Whether two numbers say the same; one of them may be rounded, but not to a whole number."""
    if said.unit and known.unit and said.unit != known.unit:
        return False
    if (said.digits, said.tail) == (known.digits, known.tail):
        return True
    return said.tail == known.tail and any(
        abs(mine - theirs) <= (max(last, other) / 2 * min(one, its_one) if last < 1 > other else 0)
        for mine, last, one in _readings(said)
        for theirs, other, its_one in _readings(known)
    )


def _readings(number: Quantity) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    """What it may say, with a one in its last place, and the size of a one: `3.049` may be 3,049, a
    table may say "in millions" at its head, and 10.5 % are 0.105."""
    unsure = [] if number.value is not None else [value_of(number.digits, m) for m in ".,"]
    powers = {0, number.scale, -2 if number.unit and number.unit.name == "%" else 0}
    for value in (value for value in (number.value, *unsure) if value is not None):
        for power in powers:
            last = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))
            yield value.scaleb(power), last, Decimal(1).scaleb(power)


def _names(answer: str, known: str) -> bool:
    name = " ".join(word for word in plain(known).split() if word.strip(".,") not in _TITLES)
    if contains(plain(answer), name):
        return True
    wanted = stems(name)
    return len(wanted) > 1 and wanted <= stems(plain(answer))


def _text(answer: str, known: str) -> bool:
    if contains(answer, known):
        return True
    if {_first_word(answer), _first_word(known)} == {"yes", "no"}:
        return False
    said, wanted = find_quantities(answer), find_quantities(known)
    shared = sum(any(same(one, each) for one in said) for each in wanted)
    return token_f1(answer, known) >= ALIKE and shared * 2 >= len(wanted)


def _first_word(text: str) -> str:
    return next(iter(re.findall(r"\w+", text.lower())), "")


def plain(text: str) -> str:
    """The text in lower case, without accents, with numbers as digits."""
    apart = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ø", "O"))
    return in_digits("".join(c for c in apart if not unicodedata.combining(c)).lower())


_RULES: dict[Rule, Callable[[str, str], bool]] = {
    "yes or no": _agrees,
    "list": _lists,
    "date": _dates,
    "number": _numbers,
    "name": _names,
    "text": _text,
}


# -- The figures of a run as sentences for who has to decide whether answers can be relied on

Figures = dict[str, Any]
_FEW = 20  # questions from which a share says something
# What is worth a word of advice: shares of questions.
_FOUND, _TURNED_DOWN, _RIGHTLY, _WRONG = 0.7, 0.2, 0.7, 0.15


def sentences(found: Figures) -> list[str]:
    """What a `report` says: what was right, what was turned down, where, and how soon."""
    return list(_sentences(found["measures"], found["costs"]))


def _sentences(measures: Figures, costs: Figures) -> Iterator[str]:
    if right := measures.get("correct"):
        yield ngettext(
            "Of {count} question that your documents answer, {right} answered right, {wrong} "
            "wrong, {refused} turned down.",
            "Of {count} questions that your documents answer, {right} answered right, {wrong} "
            "wrong, {refused} turned down.",
            right["n"], right=_of(measures, "correct"), wrong=_of(measures, "wrong"),
            refused=_of(measures, "refused"),
        )  # fmt: skip
    if rightly := measures.get("refusal_recall"):
        yield ngettext(
            "Of {count} question that they do not answer, {refused} turned down, as it should be.",
            "Of {count} questions that they do not answer, {refused} turned down, as they should "
            "be.", rightly["n"], refused=_of(measures, "refusal_recall"),
        )  # fmt: skip
    if pages := measures.get("page_hit@5"):
        yield _("The right page was among the first five for {found} of {count}.",
                found=_of(measures, "page_hit@5"), count=number(pages["n"]))  # fmt: skip
    if cited := measures.get("citation_precision"):
        yield _("Of 10 citations, about {right} point at the right page.",
                right=number(10 * cited["mean"]))  # fmt: skip
    if first := costs.get("first_token_seconds"):
        yield _("Half of the answers began within {seconds} s.",
                seconds=number(first["p50"], 1))  # fmt: skip


def _of(measures: Figures, name: str) -> str:
    figure = measures.get(name, {"mean": 0.0, "n": 0})
    return number(round(figure["mean"] * figure["n"]))


def caution(found: Figures) -> str:
    """How far luck goes; empty where nothing was answered."""
    right = found["measures"].get("correct")
    if not right:
        return ""
    ends = {"low": number(10 * right["low"]), "high": number(10 * right["high"])}
    if right["n"] < _FEW:
        return _("These are few questions: with others, {low} to {high} of 10 might be right. Keep "
                 "20 or more to be surer.", **ends)  # fmt: skip
    return _("With other questions, {low} to {high} of 10 would probably be right.", **ends)


def advice(found: Figures) -> str:
    """The one thing to do next."""
    means = {name: figure["mean"] for name, figure in found["measures"].items()}
    if means.get("page_hit@5", 1) < _FOUND:
        return _("Pages are often not found: look in the Library whether all of them were read.")
    if means.get("refused", 0) > _TURNED_DOWN:
        return _("It turns down much that it could answer: choose “Helpful” under “When unsure”.")
    if means.get("refusal_recall", 1) < _RIGHTLY:
        return _("It answers what your documents do not: choose “Strict” under “When unsure”.")
    if means.get("wrong", 0) > _WRONG:
        return _(
            "It finds the pages and reads them wrongly: a better model may help, see Settings."
        )
    return _("Nothing stands out. Look at the marks all the same before you rely on an answer.")


RunRow = dict[str, Any]
Pair = tuple[float, float]  # of a ratio: how many are right, how many there are


@dataclass(frozen=True)
class Scored:
    """A question with its values. `means` count once a question; `pairs` are summed first."""

    question: Question
    means: dict[str, float]
    pairs: dict[str, Pair]
    label: str = ""  # its label
    failed: bool = False


def scored(row: RunRow) -> Scored:
    """The values of all measures that apply to a row."""
    question = from_row(row["question"])
    hits = row.get("hits")
    means = {} if hits is None else _retrieval(question, [(doc, page) for doc, page in hits])
    answer, failed = row.get("answer"), bool(row.get("error"))
    if answer is None and not failed:
        return Scored(question, means, {})
    said = answer or {"answer": "", "refused": False, "citations": [], "sentences": []}
    label = _label(question, said)
    answered, pairs = _answered(question, said, label), _pairs(question, said)
    return Scored(question, means | answered, pairs, label, failed)


# -- retrieval


def _retrieval(question: Question, pages: Sequence[PagePair]) -> dict[str, float]:
    if not question.evidence:
        return {}
    evidence, ranking = question.evidence, first_distinct(pages, 10)
    found = {"document_hit@5": float(document_hit(ranking[:5], evidence))}
    if all(place.page is None for place in evidence):
        ids = list(dict.fromkeys(document for document, _ in pages))
        return found | {
            "document_recall@10": recall(ids, question.documents, 10),
            "ndcg@10": ndcg(ids, question.documents, 10),
        }
    names = [f"{document}:{page}" for document, page in ranking]
    relevant = {f"{place.doc}:{place.page}" for place in evidence}
    return found | {
        "page_hit@5": float(page_hit(ranking[:5], evidence)),
        "page_hit@5_one_off": float(page_hit(ranking[:5], evidence, 1)),
        "page_recall@5": page_recall(ranking[:5], evidence),
        "page_hit@10": float(page_hit(ranking, evidence)),
        "page_hit@10_one_off": float(page_hit(ranking, evidence, 1)),
        "ndcg@10": ndcg(names, relevant, 10),
    }


# -- answers


def behaviour(said: RunRow) -> Behaviour:
    """What the assistant did, from an answer document: "refuse", "ask back" or "answer"."""
    if said["refused"]:
        return "refuse"
    return "ask back" if said["answer"].rstrip().endswith("?") else "answer"


def _label(question: Question, said: RunRow) -> str:
    """The label: correct, wrong or refused; for unanswerable questions, refused or answered."""
    did = behaviour(said)
    if question.wanted == "ask back":
        return "asked back" if did == "ask back" else {"refuse": "refused"}.get(did, "answered")
    if question.wanted == "refuse":
        return "refused" if did == "refuse" else "answered"
    if not question.answers:  # nobody knows the answer
        return "refused" if did == "refuse" else "not judged"
    return answer_label(said["answer"], said["refused"], question.answers)


def _answered(question: Question, said: RunRow, label: str) -> dict[str, float]:
    right = {"right_behaviour": float(behaviour(said) == question.wanted)}
    if question.wanted == "ask back":
        return right | {"asked_back": float(label == "asked back")}
    if question.wanted == "refuse":
        return right | {"refusal_recall": float(label == "refused")}
    if not question.answers:
        return right | {"refused": float(label == "refused")}
    return right | {name: float(label == name) for name in ("correct", "wrong", "refused")}


def _pairs(question: Question, said: RunRow) -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    if question.wanted != "ask back" and said["refused"]:
        pairs["refusal_precision"] = float(question.wanted == "refuse"), 1.0
    if question.wanted == "answer" and question.evidence and not said["refused"]:
        pairs |= _citations(question.evidence, said)
    return pairs


def _citations(evidence: Collection[EvidencePage], said: RunRow) -> dict[str, Pair]:
    """How many citations point at known evidence, and how many sentences cite some."""
    true = {c["mark"] for c in said["citations"] if _is_evidence(c, evidence)}
    marks = [set(sentence["marks"]) for sentence in said["sentences"]]
    cited = sum(map(len, marks))
    found: dict[str, Pair] = {"citation_recall": (sum(bool(m & true) for m in marks), len(marks))}
    if cited:
        found["citation_precision"] = sum(len(m & true) for m in marks), cited
    return found


def _is_evidence(citation: RunRow, evidence: Collection[EvidencePage]) -> bool:
    return any(
        citation["document"] == place.doc and place.page in (None, citation["page"])
        for place in evidence
    )


# -- seconds and tokens

COSTS = {  # where a row has them
    "search_seconds": ("search_seconds",),
    "first_token_seconds": ("answer", "seconds_first_token"),
    "total_seconds": ("answer", "seconds_total"),
    "prompt_tokens": ("answer", "usage", "prompt_tokens"),
    "completion_tokens": ("answer", "usage", "completion_tokens"),
}


def cost(row: RunRow, name: str) -> float | None:
    """The seconds or tokens of a row; None where there are none, as without a model."""
    value: Any = row
    for part in COSTS[name]:
        value = (value or {}).get(part)
    found: float | None = value or None
    return found
