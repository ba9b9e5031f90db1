"""Are figures that have a name, such as the quick ratio, computed right from whole reports?

100 questions that two language models wrote about twelve reports without knowing Pincite: with a
figure of one period, `plain`, how one changed, `change`, and near misses, `none`. The reports are
those of the sets kgrag_sec10q and mmlongbench. No chat model is asked.
"""

import re
from collections import Counter
from pathlib import Path

from assistant.answering.tables.binding import choose
from assistant.answering.tables.compute import computed_sentence, result
from assistant.evaluation.metrics import read_rows
from benchmarks import common
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library

QUESTIONS = Path(__file__).parents[1] / "sets" / "figures.jsonl"
_NEAR = 0.011  # by which a value may differ: questions ask for it rounded


def main() -> None:
    options = common.parser(__doc__).parse_args()
    embedder = load_embedder(common.model(options, "embedding"))
    folder = common.eval_folder(options.eval)
    rows, counts = read_rows(QUESTIONS), Counter[tuple[str, ...]]()
    with common.fresh_home() as home:
        for name in ("kgrag_sec10q", "mmlongbench"):
            wanted = {row["doc"] for row in rows}
            files = [pdf for pdf in (folder / name / "pdfs").glob("*.pdf") if pdf.name in wanted]
            names = {pdf.name for pdf in files}
            with Library(home / name, name, lambda: embedder) as library:
                library.add(files)
                for row in rows:
                    if row["doc"] in names:
                        label = labelled(row["question"], row["answer"], library)
                        counts[f"set {row['set']}", row["kind"], label] += 1
    for key, count in sorted(counts.items()):
        print(*key, count)


def labelled(question: str, wanted: str, library: Library) -> str:
    """left, right, or wrong, which any answer to a near miss is."""
    plan = choose(question, library)
    if plan is None:
        return "left"
    value, number = result(plan), re.search(r"-?\D{0,2}\d[\d,]*\.?\d*", wanted)
    told = float(re.sub(r"[^\d.-]", "", number[0])) if number else None
    shares = (1, 100) if "%" in wanted else (1,)
    near = value is not None and told is not None and any(
        abs(float(value) * scale - told) <= _NEAR * abs(told) + (0.06 if "%" in wanted else 0.006)
        for scale in shares
    )  # fmt: skip
    print(f"{'right' if near else 'wrong'} | {question} | {wanted} | {computed_sentence(plan)}")
    return "right" if near else "wrong"


if __name__ == "__main__":
    main()
