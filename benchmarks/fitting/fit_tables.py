"""Fits what binds a question to cells of tables (`assistant/answering/tables/binding.py`).

The questions are the development half of TAT-QA (Zhu et al., 2021): tables of annual reports with
the paragraphs around them; operations are also learned from operations.tsv, whose lines are no
questions of TAT-QA. Each table becomes a document, is read as people's files are, and stands
beside three others that have most of the question's words. Near misses, to which no plan is right,
are the same questions without their table and of another year, and wordings about other things.
Each document is judged by weights that were fitted without it. `--write` puts the weights into the
file that the product reads.
"""

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from assistant.answering.tables import binding
from assistant.answering.tables.beside import (
    CLASSES,
    NOTHING,
    Beside,
    Question,
    Vectors,
    Weights,
    log_probabilities,
    operation_signs,
)
from assistant.answering.tables.binding import Cells
from assistant.answering.tables.compute import (
    AVERAGE,
    COUNT,
    DIFFERENCE,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    RATIO,
    SUM,
    result,
)
from assistant.answering.tables.grid import TableGrid, grid
from assistant.settings import Settings
from assistant.wiring import chosen_models
from benchmarks import common
from vectorstore.embedding.embedder import Embedder
from vectorstore.library import Library

_WORDINGS = Path(__file__).with_name("operations.tsv")
_TABLES = Path(__file__).with_name("tables.jsonl")
_OTHERS = 3  # tables of other documents beside each
_PLANS = 160  # wrong ones of a question that are fitted to
_FOLDS = 5
_OF_OTHERS = 0.5  # the weight of a near miss in words of others
_OWN, _OTHERS_WORDS = 8, 2  # such near misses of a table of ours, and of one of TAT-QA
_SHORT = 60  # letters of a label that stands in one
_NEAR_MISS = 0.3  # the weight of one that is made of a question: there are two of most
_UNUSED = np.zeros(0, np.float32)
_STRENGTH = 10.0  # of the head of operations
_CLOSE = 0.006  # of a value: half of the last digit that a person would write
_FORMS = (  # of a derivation without its numbers
    (GROWTH, r"\(?\(?N-N\)?/N\)?|N/N-N"), (DIFFERENCE, r"\(?N-N\)?"),
    (AVERAGE, r"\(?\(?N(\+N)+\)?/N\)?"), (SUM, r"\(?N(\+N)+\)?"), (RATIO, r"\(?N/N\)?"),
)  # fmt: skip
_LEFT = (
    "other",
    "its table absent",
    "another year",
    "words of others",
)  # kinds of questions that no plan answers
_EXTREME = re.compile(r"(?i)\b(?:(high|larg|great|most|more)|low|small|least|few|less)")
_AMOUNT = re.compile(r"[\W\d.,]*\d[\W\d.,]*(?:million|billion|thousand)?\W*")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_EARLIER = 9  # years, of a near miss
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")


@dataclass
class Row:
    """A question with its gold value, or the label of an extreme."""

    document: str
    text: str
    operation: str  # empty where a derivation is of no known form
    kind: str  # "computed", "looked up", "extreme", "counted" or "other"
    value: float | None = None
    label: str = ""
    beside: list[Beside] = field(default_factory=list)  # its own table first
    tried: list[list[tuple[str, Cells]]] = field(default_factory=list)
    signs: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    right: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("tatqa", type=Path, help="tatqa_dataset_dev.json, or a half of it")
    parser.add_argument("--work", type=Path, required=True, help="a folder that keeps the library")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    contexts = json.loads(options.tatqa.read_text("utf-8"))
    tables = [json.loads(line) for line in _TABLES.read_text("utf-8").splitlines()]
    pages = {f"d{at:03}": page(f"d{at:03}", context) for at, context in enumerate(contexts)}
    pages |= {f"t{at:03}": page_of(one) for at, one in enumerate(tables)}
    grids = read(pages, options.work)
    rows = [row for at, one in enumerate(contexts) for row in asked(f"d{at:03}.html", one)]
    rows += [row for at, one in enumerate(tables) for row in asked_of(f"t{at:03}.html", one)]
    for embedder in (chosen_models.embedder, chosen_models.multilingual):
        if model := embedder(Settings.load()):
            print(f"-- {model.identity}")
            fitted = fit(rows, grids, Vectors(model))
            if options.write:
                keep(options.write, model.identity, fitted)


def read(pages: dict[str, str], work: Path) -> dict[str, TableGrid]:
    """The table of each page, as Pincite reads it, by the name of its file."""
    files = work / "files"
    files.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (files / f"{name}.html").write_text(text, "utf-8")
    found = {}

    def embedder() -> Embedder:
        return chosen_models.embedder(Settings.load())

    with Library(work / "library", "main", embedder) as library:
        library.add([files])
        for name in (f"{stem}.html" for stem in pages):
            of = library.page(name, 1)
            if of.tables and (table := grid(name, of, of.tables[0])):
                found[name] = table
    return found


def page(name: str, context: dict[str, Any]) -> str:
    """The table behind the first paragraph, which most often is its heading."""
    told = sorted(context["paragraphs"], key=lambda one: one["order"])
    first, *rest = (f"<p>{html.escape(one['text'])}</p>" for one in told)
    table = f"<table>{cells_of(context['table']['table'])}</table>"
    return f"<title>{name}</title>{first}{table}{''.join(rest)}"


def page_of(one: dict[str, Any]) -> str:
    """Of a line of tables.jsonl."""
    title, before, caption = (html.escape(one[part]) for part in ("title", "before", "caption"))
    table = f"<table><caption>{caption}</caption>{cells_of(one['table'])}</table>"
    return f"<title>{title}</title><h1>{title}</h1><p>{before}</p>{table}"


def cells_of(rows: Sequence[Sequence[str]]) -> str:
    """As rows of a table in HTML."""
    return "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )


# -- What is right


def asked(document: str, context: dict[str, Any]) -> Iterator[Row]:
    for one in context["questions"]:
        text, answers = one["question"], one["answer"]
        answers = answers if isinstance(answers, list) else [answers]
        told = str(answers[0])
        if one["answer_type"] == "arithmetic":
            operation = operation_of(one["derivation"], one["scale"])
            yield Row(document, text, operation, "computed", number(told))
        elif one["answer_type"] == "count":
            yield Row(document, text, COUNT, "counted", number(told))
        elif len(answers) > 1:
            yield Row(document, text, NOTHING, "other")
        elif one["answer_from"] == "text":
            # It asks for a value as others do, which stands in a paragraph.
            asks = LOOKUP if _AMOUNT.fullmatch(told) else NOTHING
            yield Row(document, text, asks, "other")
        elif (found := _EXTREME.search(text)) and re.match(r"(?i)\W*(in )?(which|what)\b", text):
            operation = HIGHEST if found[1] else LOWEST
            yield Row(document, text, operation, "extreme", label=told.strip().lower())
        elif _AMOUNT.fullmatch(told) and not re.fullmatch(r"(19|20)\d\d", told):
            yield Row(document, text, LOOKUP, "looked up", number(told))
        else:
            yield Row(document, text, NOTHING, "other")


def asked_of(document: str, one: dict[str, Any]) -> Iterator[Row]:
    """The questions of a line of tables.jsonl."""
    kinds = {LOOKUP: "looked up", HIGHEST: "extreme", LOWEST: "extreme", COUNT: "counted"}
    for asked in one["questions"]:
        operation, answer = asked["operation"], asked["answer"]
        kind = "other" if answer is None else kinds.get(operation, "computed")
        row = Row(document, asked["question"], operation, f"own tables, {kind}")
        if kind == "extreme":
            yield replace(row, label=str(answer).strip().lower())
        else:
            yield replace(row, value=None if answer is None else abs(float(answer)))


def operation_of(derivation: str, scale: str) -> str:
    """By its form; empty for any other."""
    bare = re.sub(r"\s|[$%]|million|thousand", "", derivation).replace("[", "(").replace("]", ")")
    form = re.sub(r"[\d.,]+", "N", bare)
    for _ in range(2):
        form = re.sub(r"\((N)\)", "N", re.sub(r"(^|[(/*+-])-N", r"\1N", form))
    found = next((name for name, shape in _FORMS if re.fullmatch(shape, form)), "")
    return DIFFERENCE if found == GROWTH and form.startswith("N/") and scale != "percent" else found


def number(text: str) -> float | None:
    found = _NUMBER.search(text)
    return float(found[0].replace(",", "")) if found else None


def value(beside: Beside, operation: str, cells: Cells) -> float | None:
    some = [beside.numbers[cell] for cell in cells]
    if operation == COUNT:
        counted = result(binding.plan_of(beside, operation, cells))
        return float(counted) if counted else None  # 0 is more often a misreading
    if operation in (GROWTH, RATIO) and not some[1]:
        return None
    return {
        LOOKUP: lambda: some[0], SUM: lambda: sum(some), AVERAGE: lambda: sum(some) / len(some),
        DIFFERENCE: lambda: some[0] - some[1], HIGHEST: lambda: max(some),
        LOWEST: lambda: min(some), RATIO: lambda: some[0] / some[1],
        GROWTH: lambda: (some[0] - some[1]) / some[1] * 100,
    }[operation]()  # fmt: skip


def is_right(row: Row, beside: Beside, operation: str, cells: Cells) -> bool:
    """Whether it has the value, also as a share of 1; or the label of the extreme."""
    found = value(beside, operation, cells)
    if found is None:
        return False
    if row.kind.startswith("own") and operation != row.operation:
        return False
    if row.kind.endswith("extreme"):
        return operation == row.operation and row.label in labels(beside, cells, found)
    if (operation == COUNT) != row.kind.endswith("counted"):
        return False
    scales = (1, 100, 0.01) if operation in (GROWTH, RATIO) else (1,)
    gold = row.value
    return gold is not None and any(
        abs(abs(found * by) - gold) <= max(_CLOSE * gold, 0.0051) for by in scales
    )


def labels(beside: Beside, cells: Cells, extreme: float) -> set[str]:
    rows = len({cell[0] for cell in cells}) > 1
    best = [cell for cell in cells if beside.numbers[cell] == extreme]
    told = [beside.labels[row] if rows else beside.heads[column] for row, column in best]
    years = [year for text in told for year in re.findall(r"\b(?:19|20)\d\d\b", text)]
    return {text.lower() for text in [*told, *years]}


# -- Fitting


def fit(rows: Sequence[Row], grids: dict[str, TableGrid], vectors: Vectors) -> Weights:
    """Print what weights do to documents that were left out; the weights of all."""
    stand_beside(rows, grids, vectors)
    rows = [row for row in rows if row.beside]
    documents = [row.document for row in rows]
    folds = list(GroupKFold(_FOLDS).split(documents, groups=documents))
    told = np.stack([row.beside[0].question_signs for row in rows])
    known = np.array([bool(row.operation) for row in rows])
    names = np.array([row.operation for row in rows])
    more, named = wordings(vectors)
    heads = []
    for train, test in folds:
        some = [at for at in train if known[at]]
        head = head_of(np.concatenate([told[some], more]), np.append(names[some], named))
        heads.append(head)
        for at in test:
            describe(rows[at], head)
    has = [row for row in rows if row.right.any()]
    needed = [row for row in rows if not row.kind.endswith(_LEFT)]
    print(f"{len(needed)} questions for a value, {len(has)} that some plan answers")
    choices: list[tuple[Row, binding.Choice | None]] = []
    alone: list[tuple[Row, binding.Choice | None]] = []
    for (train, test), head in zip(folds, heads, strict=True):
        inside = {id(rows[at]) for at in train}
        plan = choice_model([row for row in has if id(row) in inside])
        weights = Weights(_UNUSED, plan, _UNUSED)
        near = [rows[at] for at in test]
        near += [without_its_table(row) for row in near]
        near += [row for at in test if (row := of_another_year(rows[at], head)) is not None]
        near += words_of_others(sorted({documents[at] for at in test}), grids, vectors, head)
        choices += [(row, chosen(row, weights)) for row in near]
        alone += [(rows[at], chosen(rows[at], weights, alone=True)) for at in test]
    print("beside three other tables:")
    sure = judge(choices)
    print("the right table alone, the same probabilities:")
    judge(alone, sure)
    head = head_of(np.concatenate([told[known], more]), np.append(names[known], named))
    return Weights(head, choice_model(has), sure)


def without_its_table(row: Row) -> Row:
    """A near miss: only the tables of other documents are there."""
    own = len(row.tried[0])
    return replace(
        row, kind=f"{_source(row)}its table absent", beside=row.beside[1:], tried=row.tried[1:],
        signs=row.signs[own:], right=row.right[own:],
    )  # fmt: skip


def _source(row: Row) -> str:
    return "own tables, " if row.kind.startswith("own") else ""


def of_another_year(row: Row, head: NDArray[np.float32]) -> Row | None:
    """A near miss: of years that its table does not have. None where it names no year."""
    text = _YEAR.sub(lambda year: str(int(year[0]) - _EARLIER), row.text)
    if text == row.text:
        return None
    beside = [Beside(Question(text), of.grid, of.vectors) for of in row.beside[:1]]
    near = replace(row, text=text, kind=f"{_source(row)}another year", beside=beside)
    describe(near, head)
    return near


def words_of_others(
    documents: Sequence[str], grids: dict[str, TableGrid], vectors: Vectors,
    head: NDArray[np.float32],
) -> list[Row]:  # fmt: skip
    """Near misses: wordings of operations.tsv with a label of the table in the place of one thing,
    so that they ask something of the label that the table does not say."""
    random = Random(11)
    texts = [text for _, text in read_wordings() if "{" in text]
    found = []
    for name in documents:
        labels = [row.label for row in grids[name].rows if 0 < len(row.label) < _SHORT]
        for text in random.sample(texts, _OWN if name.startswith("t") else _OTHERS_WORDS):
            if labels:
                part = random.choice(re.findall(r"{.+?}", text))
                asked = re.sub(r"[{}]", "", text.replace(part, random.choice(labels), 1))
                near = [Beside(Question(asked), grids[name], vectors)]
                found.append(Row(name, asked, NOTHING, "words of others", beside=near))
    found = [row for row in found if row.beside[0].asked.stems]
    for row in found:
        describe(row, head)
    return found


def read_wordings() -> list[list[str]]:
    """The lines of operations.tsv: operation and text."""
    lines = _WORDINGS.read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if "\t" in line]


def wordings(vectors: Vectors) -> tuple[NDArray[np.float32], list[str]]:
    """The vectors of the wordings that stand beside this file, and their operations."""
    lines = read_wordings()
    found = []
    for _, text in lines:
        question = Question(re.sub(r"[{}]", "", text))
        known = {stem for part in re.findall(r"{(.+?)}", text) for stem in question.stemmed(part)}
        found.append(operation_signs(question, known, vectors))
    return np.stack(found), [operation for operation, _ in lines]


def stand_beside(rows: Sequence[Row], grids: dict[str, TableGrid], vectors: Vectors) -> None:
    words = {
        name: frozenset(Beside(Question("what"), one, vectors).words) for name, one in grids.items()
    }
    for row in rows:
        if row.document not in grids:
            continue
        question = Question(row.text)
        said = set(question.stems)
        others = sorted(
            set(grids) - {row.document}, key=lambda name: (-len(said & words[name]), name)
        )
        near = [row.document, *others[:_OTHERS]]
        row.beside = [Beside(question, grids[name], vectors) for name in near]


def head_of(told: NDArray[np.float32], names: NDArray[np.str_]) -> NDArray[np.float32]:
    model = LogisticRegression(C=_STRENGTH, max_iter=200).fit(told, names)
    found = np.full((told.shape[1] + 1, len(CLASSES)), 0.0, np.float32)
    found[-1] = -20.0  # of what no question asks for
    for at, name in enumerate(model.classes_):
        column = CLASSES.index(str(name))
        found[:-1, column], found[-1, column] = model.coef_[at], model.intercept_[at]
    return found


def describe(row: Row, head: NDArray[np.float32]) -> None:
    """The features of its plans, and which are right: those of its own table."""
    for beside in row.beside:
        beside.__dict__["operations"] = log_probabilities(beside.question_signs, head)
    row.tried = [binding.plans(beside) for beside in row.beside]
    pairs = [(b, t) for b, t in zip(row.beside, row.tried, strict=True) if t]
    row.signs = np.concatenate([binding.features(b, t) for b, t in pairs]) if pairs else row.signs
    own, tried = row.beside[0], row.tried[0]
    right = [not row.kind.endswith(_LEFT) and is_right(row, own, *plan) for plan in tried]
    row.right = np.zeros(len(row.signs), bool)
    row.right[: len(right)] = right


def choice_model(rows: Sequence[Row]) -> NDArray[np.float32]:
    """The log-linear weights by which the right plans are likeliest."""
    random = np.random.default_rng(416)
    signs, right, starts = [], [], [0]
    for row in rows:
        wrong = np.flatnonzero(~row.right)
        some = random.choice(wrong, min(_PLANS, len(wrong)), replace=False)
        at = np.concatenate([np.flatnonzero(row.right), some])
        signs.append(row.signs[at])
        right.append(row.right[at])
        starts.append(starts[-1] + len(at))
    every, good = np.concatenate(signs).astype(float), np.concatenate(right)
    spread = every.std(0) + 1e-6
    every /= spread
    begin, segment = np.array(starts[:-1]), np.repeat(np.arange(len(rows)), np.diff(starts))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = every @ weights
        scores -= np.maximum.reduceat(scores, begin)[segment]
        chances = np.exp(scores)
        whole, part = np.add.reduceat(chances, begin), np.add.reduceat(chances * good, begin)
        slope = chances / whole[segment] - chances * good / (part + 1e-30)[segment]
        loss = float((np.log(whole) - np.log(part + 1e-30)).mean() + 1e-3 * weights @ weights)
        return loss, every.T @ slope / len(rows) + 2e-3 * weights

    start = np.zeros(every.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 120})
    return (found.x / spread).astype(np.float32)


def chosen(row: Row, weights: Weights, alone: bool = False) -> binding.Choice | None:
    if not alone:
        return binding.chosen(row.beside, weights, row.tried, row.signs)
    own = len(row.tried[0])
    return binding.chosen(row.beside[:1], weights, row.tried[:1], row.signs[:own])


def judge(
    choices: Sequence[tuple[Row, binding.Choice | None]], sure: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Print how often choices are right; the weights that tell right ones from others. With `sure`
    by these, which hardly know the document that is judged: they are eleven numbers."""
    made = [(row, choice) for row, choice in choices if choice]
    good = np.array([_good(row, choice) for row, choice in made])
    signs = np.stack([choice.signs for _, choice in made])
    groups = [row.document for row, _ in made]
    made_up = [row.kind.endswith(("absent", "another year")) for row, _ in made]
    weight = np.where(made_up, _NEAR_MISS, 1.0)
    weight[[row.kind == "words of others" for row, _ in made]] = _OF_OTHERS
    chances = np.zeros(len(made))
    spread = signs.std(0) + 1e-6
    for train, test in GroupKFold(_FOLDS).split(signs, groups=groups):
        model = sure_model(signs[train] / spread, good[train], weight[train])
        chances[test] = model.predict_proba(signs[test] / spread)[:, 1]
    model = sure_model(signs / spread, good, weight)
    kinds = defaultdict(list)
    for at, (row, _) in enumerate(made):
        kinds[row.kind].append(at)
    counts = {kind: sum(row.kind == kind for row, _ in choices) for kind in kinds}
    if sure is not None:
        chances = 1 / (1 + np.exp(-(signs @ sure[:-1] + sure[-1])))
    print(f"best plan right or not: AUROC {roc_auc_score(good, chances):.3f}")
    for kind, places in kinds.items():
        print(f"{kind}: {counts[kind]}, best plan right {good[places].sum() / counts[kind]:.3f}")
        for limit in (0.4, 0.5, 0.6, 0.7, 0.8):
            given = chances[places] >= limit
            shares = [
                (given & good[places]).sum() / counts[kind],
                (given & ~good[places]).sum() / counts[kind],
            ]
            print(f"  from {limit}: {shares[0]:.3f} right, {shares[1]:.3f} wrong")
    print(dict(zip(binding.SIGNS, (model.coef_[0] / spread).round(2).tolist(), strict=True)))
    return np.append(model.coef_[0] / spread, model.intercept_[0]).astype(np.float32)


def sure_model(
    signs: NDArray[np.float32], good: NDArray[np.bool_], weight: NDArray[np.float64]
) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=2000).fit(signs, good, sample_weight=weight)


def _good(row: Row, choice: binding.Choice) -> bool:
    if row.kind.endswith(_LEFT) or choice.plan.grid is not row.beside[0].grid:
        return False
    rows, columns = list(choice.plan.grid.rows), list(choice.plan.grid.columns)
    cells = tuple((rows.index(o.row), columns.index(o.column)) for o in choice.plan.operands)
    return is_right(row, row.beside[0], choice.plan.operation, cells)


def keep(path: Path, identity: str, weights: Weights) -> None:
    name = identity.split(":")[0]
    kept = dict(np.load(path)) if path.exists() else {}
    parts = {"operation": weights.operation, "plan": weights.plan, "sure": weights.sure}
    kept |= {f"{name}/{part}": found.astype(np.float16 if part == "operation" else np.float32)
             for part, found in parts.items()}  # fmt: skip
    kept[f"{name}/identity"] = np.array(identity)
    np.savez_compressed(path, **kept)


if __name__ == "__main__":
    main()
