"""Does an answer say when another document contradicts it, and only then?

`sets/disagreement.jsonl` has 84 pairs of short documents, written by hand: half contradict each
other (prices, dates, names, phone numbers, opening times, rules that allow or forbid), half only
look like it (another year, place or product, a minimum and a maximum, rounding, other units). Each
pair is given as passages with its question and answered without a chat model, refusing nothing. Of
the first 60 half was held out by lot while rules were written; 24 in freer words came later.

`--ordinary` asks the questions of northwind, clapnq, the quarterly reports and the samples, each
of its own library, and prints each alarm to be read. `--every` takes each sentence that is read for
an answer, not only those that would be quoted: more pairs, the same rules.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assistant.answering.evidence_units import Quoted, best_sentences
from assistant.answering.notices import Disagreement, disagreements, found_windows
from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget, Context
from assistant.contract.evidence import Evidence, GivenPassages
from assistant.contract.facts import Outcome, Sentence
from assistant.contract.request import Request
from assistant.evaluation.metrics import read_rows
from assistant.settings import Settings
from assistant.wiring import chosen_models, composition
from benchmarks import common, text_library
from ingest.language.sentences import split
from vectorstore.library import Library

PAIRS = Path(__file__).parents[1] / "sets" / "disagreement.jsonl"
PDFS = ("northwind", "kgrag_sec10q", "samples")

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--ordinary", nargs="*", metavar="SET", help="false alarms")
    parser.add_argument("--every", action="store_true", help="each sentence that is read")
    parser.add_argument("--home", type=Path, help="keeps the libraries of --ordinary")
    options = parser.parse_args()
    embedder = str(common.model(options, "embedding"))
    settings = Settings.load().model_copy(update={"embedding_model": embedder})
    if options.ordinary is None:
        report_pairs(settings)
        return
    with common.fresh_home() as home:
        settings = settings.model_copy(update={"home": options.home or home})
        report_ordinary(options, settings, options.ordinary or ["clapnq", *PDFS])


def report_pairs(settings: Settings) -> None:
    rows = read_rows(PAIRS)
    embedder = chosen_models.embedder(settings)
    said = {row["id"]: bool(list(found_in_pair(row, embedder))) for row in rows}
    for row in rows:
        if said[row["id"]] != row["contradict"]:
            common.say(f"{'missed' if row['contradict'] else 'alarm'}: {row['id']} {row['kind']}")
    body = []
    for part in dict.fromkeys(row["part"] for row in rows):
        for contradict, kind in ((True, "contradict"), (False, "only look like it")):
            ids = [r["id"] for r in rows if (r["part"], r["contradict"]) == (part, contradict)]
            body.append([part, kind, len(ids), sum(said[id] for id in ids)])
    print(common.table(["part", "pairs", "n", "said to disagree"], body))


def found_in_pair(row: Row, embedder: Any) -> Iterator[Disagreement]:
    texts = [(given["title"], given["text"]) for given in row["documents"]]
    return found_for(row["question"], GivenPassages(texts, embedder), every=False)


def found_for(question: str, evidence: Evidence, every: bool) -> Iterator[Disagreement]:
    """Disagreements of the answer that quotes the best sentences, or, with `every`, all of them."""
    request = Request(question, evidence)
    reading = AnswerTool(None, Budget()).read(request)
    ranked = reading.ranked
    for quoted in [[one] for one in ranked] if every else [best_sentences(ranked)]:
        outcome = quoting(quoted, reading)
        yield from disagreements(outcome, reading.question, found_windows(reading))


def quoting(quoted: Iterable[Quoted], reading: Context) -> Outcome:
    marked = list(enumerate(quoted, start=1))
    return Outcome(
        "",
        tuple(Sentence(q.unit.text, True, (mark,)) for mark, q in marked),
        tuple(q.unit.lines.citation(mark, q.score) for mark, q in marked),
    )


def report_ordinary(options: Any, settings: Settings, names: Iterable[str]) -> None:
    body = []
    for name in names:
        folder = common.ROOT if name == "samples" else common.eval_folder(options.eval)
        rows = read_rows(folder / name / "questions.jsonl")
        library = library_of(options, settings, folder / name)
        alarmed = 0
        for row in rows:
            alarms = list(found_for(row["question"], library, options.every))
            alarmed += bool(alarms)
            for one in alarms:
                show(name, row, one)
        body.append([name, len(rows), alarmed, f"{alarmed / len(rows):.1%}"])
    print(common.table(["set", "questions", "with an alarm", "share"], body))


def library_of(options: Any, settings: Settings, folder: Path) -> Library:
    """The library of the folder's documents, made unless the home has it."""
    if folder.name not in composition.libraries(settings):
        library = composition.library(settings, folder.name, make=True)
        if (folder / "corpus.jsonl").exists():
            for row in read_rows(folder / "corpus.jsonl"):
                name = f"{row['title']} {row['_id']}"
                text_library.put(library, name, row["title"], [split(row["text"])])
        else:
            pdfs = sorted((folder / "pdfs" if (folder / "pdfs").is_dir() else folder).glob("*.pdf"))
            environment = common.environment(settings.home, options, "embedding")
            common.pincite(environment, "add", *pdfs, "--library", folder.name, "--json")
    return composition.library(settings, folder.name)


def show(name: str, row: Row, alarm: Disagreement) -> None:
    common.say(f"\n{name} {row['id']}: {row['question']}")
    for unit, value in ((alarm.cited, alarm.difference.one), (alarm.other, alarm.difference.other)):
        common.say(f"  {value}: {' '.join(unit.text.split())}")


if __name__ == "__main__":
    main()
