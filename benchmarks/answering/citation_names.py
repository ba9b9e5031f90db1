"""Does a line of one company's report carry a sentence about another company?

Reads quarterly reports (`kgrag_sec10q`), in which a company calls itself "we" or "the Company". A
sentence that begins so is said of the company of the report, and of another one, and attributed to
its page: alone, and beside the first page of a report of the other. No chat model runs.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from assistant.answering.attributor import Attributor
from assistant.answering.evidence_units import Unit, Window
from assistant.contract.evidence import GivenPassages
from benchmarks import common
from ingest.document.model import Document
from ingest.document.source import Engines
from ingest.loaders import load
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.retrieval.search_query import SearchQuery

COMPANIES = {
    "AAPL": "Apple", "AMZN": "Amazon", "INTC": "Intel", "MSFT": "Microsoft", "NVDA": "NVIDIA",
}  # fmt: skip  # by the tickers in the names of the files
_SELF = re.compile(r"(?:We|The Company) (?=[a-z]+ )")
_WORDS = range(9, 40)  # of a sentence
_OF_EACH = 8  # sentences of a report
DEGREES = ("supported", "partly", "none")


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args()
    embedder = load_embedder(common.model(options, "embedding"))
    folder = common.eval_folder(options.eval) / "kgrag_sec10q" / "pdfs"
    reports = {path.name: load(path, Engines(ocr="off")) for path in sorted(folder.glob("*.pdf"))}
    counts = count(reports, random.Random(options.seed), embedder)
    body = [[case, sum(found.values()), *map(found.__getitem__, DEGREES)]
            for case, found in counts.items()]  # fmt: skip
    print(common.table(["said of", "sentences", *DEGREES], body))


def count(
    reports: Mapping[str, Document], chance: random.Random, embedder: Embedder
) -> dict[str, Counter[str]]:
    """How the sentences are shown, by whom they are said of."""
    counts: dict[str, Counter[str]] = {}
    for name, report in reports.items():
        own = company(name)
        others = [other for other in reports if company(other) != own]
        for window, unit in islice(sentences(name, report, chance), _OF_EACH):
            other = chance.choice(others)
            first = Window(
                other, reports[other].pages[0], 0, len(reports[other].pages[0].lines) - 1, 0
            )
            for case, about, read in (
                ("its company", own, [window]),
                ("another company", company(other), [window]),
                ("another, whose report is read", company(other), [window, first]),
            ):
                pages = {w.document: reports[w.document].pages[:1] for w in read}
                said = _SELF.sub(f"{about} ", unit.text, count=1)
                evidence = GivenPassages.of(pages, embedder)
                asked = SearchQuery(f"What does {about} say?")
                shown, _ = Attributor(asked, read, evidence).attribute(said)
                counts.setdefault(case, Counter())[shown[0].support] += 1
    return counts


def company(report: str) -> str:
    return next(name for ticker, name in COMPANIES.items() if ticker in report)


def sentences(name: str, report: Document, chance: random.Random) -> Iterator[tuple[Window, Unit]]:
    """Sentences in which the company speaks of itself, on pages drawn by lot."""
    for page in chance.sample(report.pages[1:], len(report.pages) - 1):
        window = Window(name, page, 0, len(page.lines) - 1, 0)
        for unit in window.units:
            whole = unit.text.rstrip().endswith(".") and len(unit.text.split()) in _WORDS
            if whole and _SELF.match(unit.text):
                yield window, unit


if __name__ == "__main__":
    main()
