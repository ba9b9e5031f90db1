"""Metrics as pure functions: hits, recall, ranking quality, intervals."""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from assistant.errors import BadQuestionSet

# -- Reads question sets: JSON Lines of questions with their accepted answers and evidence
# Three forms of rows are known: questions with answers (`question`), queries with the documents
# that are relevant to them (`text`, `relevant`), and turns of conversations (`history`,
# `contexts`).

Behaviour = Literal["answer", "refuse", "ask back"]
State = Literal["draft", "kept", "dropped"]

_WANTED: dict[str, Behaviour] = {"UNANSWERABLE": "refuse", "UNDERSPECIFIED": "ask back"}
_FORM = (
    'a question needs at least "id" and "question", evidence as a list of {"doc", "page"}, '
    'passages as a list of {"title", "text"}, history as a list of {"role", "text"}'
)


@dataclass(frozen=True)
class EvidencePage:
    """A document, and its page where it has pages, that holds the answer."""

    doc: str  # file name, or the id of a passage
    page: int | None = None  # as a viewer shows it: the first page is 1; None where there are none


@dataclass(frozen=True)
class Question:
    """A question with its accepted answers and evidence."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    evidence: tuple[EvidencePage, ...] = ()
    passages: tuple[tuple[str, str], ...] | None = None  # (title, text): then only these are read
    history: tuple[tuple[str, str], ...] = ()  # (role, text) of the messages before, oldest first
    asks_back: bool = False  # unclear: a good answer asks for clarification
    state: State = "kept"  # drafts wait until a person keeps or drops them

    @property
    def documents(self) -> frozenset[str]:
        return frozenset(place.doc for place in self.evidence)

    @property
    def wanted(self) -> Behaviour:
        if self.asks_back:
            return "ask back"
        return "answer" if self.answerable else "refuse"


def read_questions(path: Path) -> list[Question]:
    """All questions of one file. Raises BadQuestionSet, which names the line of a bad row."""
    return [_question(row, f"{path}:{number}") for number, row in _numbered(path)]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of any JSON Lines file. Raises BadQuestionSet."""
    return [row for _, row in _numbered(path)]


def asked_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Each row that asks something, as it is read. Raises BadQuestionSet, which names the line."""
    for number, row in _numbered(path):
        if not isinstance(row.get("question"), str):
            raise BadQuestionSet(f'{path}:{number}: there is no "question"')
        yield row


def to_row(question: Question) -> dict[str, Any]:
    """A question as a JSON row, as `from_row` reads it."""
    row: dict[str, Any] = {
        "id": question.id,
        "question": question.question,
        "answers": list(question.answers),
        "answerable": question.answerable,
        "evidence": [vars(place) for place in question.evidence],
    }
    if question.passages is not None:
        row["passages"] = [{"title": title, "text": text} for title, text in question.passages]
    if question.history:
        row["history"] = [{"role": role, "text": text} for role, text in question.history]
    more = {"asks_back": question.asks_back or None, "state": question.state}
    return row | {name: value for name, value in more.items() if value not in (None, "kept")}


def from_row(row: dict[str, Any]) -> Question:
    """A row as `to_row` made it. Raises BadQuestionSet."""
    return _question(row, "a stored question")


def _numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestionSet(f"{path} cannot be read: {error}.") from error
    # Split at "\n" only: splitlines() would also cut at U+2028, which is legal inside JSON text.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _object(line, f"{path}:{number}")


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadQuestionSet(f"{where}: not JSON ({error})") from error
    if not isinstance(row, dict):
        raise BadQuestionSet(f"{where}: not a JSON object")
    return row


def _question(row: dict[str, Any], where: str) -> Question:
    try:
        if "relevant" in row:
            return _query(row)
        return _turn(row) if "contexts" in row else _asked(row)
    except KeyError as error:
        raise BadQuestionSet(f"{where}: {_FORM} (there is no {error})") from error
    except (TypeError, AttributeError, ValueError, OverflowError) as error:
        raise BadQuestionSet(f"{where}: {_FORM} ({error})") from error


def _asked(row: dict[str, Any]) -> Question:
    if not isinstance(row["question"], str):
        raise TypeError('"question" is no text')
    state = row.get("state", "kept")
    if state not in get_args(State):
        raise ValueError(f'"state" is {state!r}, not one of {", ".join(get_args(State))}')
    passages = row.get("passages")
    return Question(
        id=str(row["id"]),
        question=row["question"],
        answers=tuple(str(answer) for answer in _list(row.get("answers", ()), "answers")),
        answerable=_truth(row.get("answerable", True), "answerable"),
        evidence=tuple(_evidence(place) for place in row.get("evidence", ())),
        passages=None if passages is None else tuple(_passage(given) for given in passages),
        history=tuple((said["role"], said["text"]) for said in row.get("history") or ()),
        asks_back=bool(row.get("asks_back", False)),
        state=state,
    )


def _query(row: dict[str, Any]) -> Question:
    """A query of a retrieval set, with its relevant documents and no answer."""
    relevant = tuple(EvidencePage(str(id)) for id in row["relevant"])
    return Question(str(row.get("_id") or row["id"]), row["text"], evidence=relevant)


def _turn(row: dict[str, Any]) -> Question:
    """The last message of a conversation, to be answered from passages."""
    *before, asked = row["history"]
    wanted = {_WANTED.get(kind, "answer") for kind in row.get("answerability", ())}
    return Question(
        id=str(row["id"]),
        question=asked["text"],
        answers=tuple(answer.strip() for answer in row.get("answers", ())),
        answerable=wanted != {"refuse"} and wanted != {"ask back"},
        passages=tuple(_passage(given) for given in row["contexts"]),
        history=tuple((said["role"], said["text"]) for said in before),
        asks_back=wanted == {"ask back"},
    )


def _list(value: Any, name: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError(f'"{name}" is no list')
    return value


def _truth(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f'"{name}" is neither true nor false')
    return value


def _passage(row: dict[str, Any]) -> tuple[str, str]:
    if not isinstance(row["text"], str):
        raise TypeError('the "text" of a passage is no text')
    return str(row.get("title") or ""), row["text"]


def _evidence(place: dict[str, Any]) -> EvidencePage:
    page = place.get("page")
    return EvidencePage(doc=str(place.get("doc") or place["doc_id"]), page=page and int(page))


PagePair = tuple[str, int]  # document, page
_Z = 1.959964  # standard errors around 95 % of a normal distribution


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def first_distinct(pairs: Iterable[PagePair], limit: int = 5) -> list[PagePair]:
    """The first `limit` different pages of a ranking: chunks of one page count once."""
    return list(dict.fromkeys(pairs))[:limit]


def page_hit(
    pages: Iterable[PagePair], evidence: Iterable[EvidencePage], tolerance: int = 0
) -> bool:
    """Whether any page of the evidence was found, or one at most `tolerance` pages away."""
    found = list(pages)
    return any(_is_found(place, found, tolerance) for place in evidence)


def page_recall(pages: Iterable[PagePair], evidence: Collection[EvidencePage]) -> float:
    """The share of the evidence that was found."""
    found, places = list(pages), set(evidence)
    return sum(_is_found(place, found, 0) for place in places) / len(places) if places else 0.0


def document_hit(pages: Iterable[PagePair], evidence: Iterable[EvidencePage]) -> bool:
    """Whether any document of the evidence was found, on whatever page."""
    return bool({place.doc for place in evidence} & {document for document, _ in pages})


def _is_found(place: EvidencePage, pages: Sequence[PagePair], tolerance: int) -> bool:
    return place.page is not None and any(
        document == place.doc and abs(page - place.page) <= tolerance for document, page in pages
    )


def recall(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant ids among the first `k` of a ranking."""
    wanted = set(relevant)
    return len(wanted.intersection(ranking[:k])) / len(wanted) if wanted else 0.0


def ndcg(ranking: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """Normalised discounted cumulative gain for judgements that are relevant or not."""
    wanted = set(relevant)
    if not wanted:
        return 0.0
    gain = sum(1 / math.log2(rank + 2) for rank, id in enumerate(ranking[:k]) if id in wanted)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(k, len(wanted))))


def wilson(right: int, n: int) -> Interval:
    """The share of `right` among `n`, with its 95 % score interval; of nothing it is 0 to 1.

    Drawn anew, values that are all the same have no spread: a bootstrap would call 3 of 3 sure.
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22 (1927), 209-212; recommended for few values by Brown,
    Cai and DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001).
    """
    if not n:
        return Interval(math.nan, 0.0, 1.0)
    share, about = right / n, 1 + _Z * _Z / n
    middle = (share + _Z * _Z / (2 * n)) / about
    half = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n)) / about
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0))


def bootstrap_interval(values: Sequence[float] | Sequence[bool]) -> Interval:
    """The mean and its 95 % percentile bootstrap interval; the same values give the same one."""
    data = np.asarray(values, dtype=float)
    if not len(data):
        return Interval(math.nan, math.nan, math.nan)
    return _interval(data.mean(), data[_picks(len(data))].mean(axis=1))


def _picks(number: int) -> NDArray[np.int64]:
    """So many positions, drawn with repetition in each of 10,000 rounds."""
    return np.random.default_rng(0).integers(0, number, size=(10_000, number))


def _interval(mean: np.floating[Any], drawn: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(mean), float(low), float(high))


def ratio_interval(parts: Sequence[tuple[float, float]]) -> Interval:
    """The sum of the first over the sum of the second, as of sentences that several questions have.

    Whole questions are drawn: sentences of one answer are right or wrong together. Where all or
    none are right, nothing drawn differs, and the interval is Wilson's over the questions; so it is
    where each question is right or wrong as a whole.
    """
    data = np.asarray(parts, dtype=float).reshape(-1, 2)
    if not data[:, 1].sum():
        return Interval(math.nan, math.nan, math.nan)
    if (data[:, 1] == 1).all() and np.isin(data[:, 0], (0, 1)).all():
        return wilson(int(data[:, 0].sum()), len(data))
    if (share := data[:, 0].sum() / data[:, 1].sum()) in (0, 1):
        asked = int((data[:, 1] > 0).sum())
        return wilson(int(share) * asked, asked)
    above, below = data[_picks(len(data))].sum(axis=1).T
    return _interval(share, above[below > 0] / below[below > 0])


def paired_difference(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """How much better `ours` is on the same questions, in the same order."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} values cannot be paired")
    return bootstrap_interval([float(a) - float(b) for a, b in zip(ours, theirs, strict=True)])


def paired_ratio_difference(
    ours: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]]
) -> Interval:
    """How much higher the ratio of `ours` is on the same questions, in the same order."""
    data = np.asarray([ours, theirs], dtype=float).reshape(2, -1, 2)
    totals = data.sum(axis=1)
    if not (totals[:, 1] > 0).all():
        return Interval(math.nan, math.nan, math.nan)
    drawn = data[:, _picks(data.shape[1])].sum(axis=2)  # system, round, above and below
    whole = drawn[:, (drawn[:, :, 1] > 0).all(axis=0)]
    first, second = whole[:, :, 0] / whole[:, :, 1]
    mean = totals[0, 0] / totals[0, 1] - totals[1, 0] / totals[1, 1]
    return _interval(mean, first - second)


def words(text: str) -> list[str]:
    """Lower-case words and numbers; articles dropped, thousands separators removed."""
    joined = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.lower())
    found = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", joined)
    return [word for word in found if word not in {"a", "an", "the"}]


def token_f1(answer: str, gold: str) -> float:
    """The harmonic mean of word precision and word recall."""
    said, wanted = Counter(words(answer)), Counter(words(gold))
    shared = (said & wanted).total()
    return 2 * shared / (said.total() + wanted.total()) if shared else 0.0


def contains(answer: str, gold: str) -> bool:
    """Whether the words of the gold answer stand in the answer, in their order."""
    said, wanted = words(answer), words(gold)
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(said)} "
