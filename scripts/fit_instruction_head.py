"""Fits the head that finds instructions in documents: `assistant/security/instruction_head.npz`.

    python scripts/fit_instruction_head.py EVALUATION_FOLDER [EMBEDDER]

Instructions and innocent look-alikes are those of `benchmarks/sets/injection_development.jsonl`;
no kind of `injection_held_out.jsonl` is among them. Ordinary passages come from sets of the
evaluation folder that `benchmarks.safety.injection` does not measure on, from the descriptions of
the installed packages, and from the translated messages of the system's programs. An instruction is
put between sentences of an ordinary passage, an innocent sentence between others of its kind. The
thresholds are those that let through a share of ordinary sentences in cross-validation, each fold
with kinds of its own. It takes about a minute.
"""

import gettext
import random
import sys
from collections.abc import Iterator
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from assistant.evaluation.metrics import read_rows
from assistant.models.installed import Models
from assistant.security.prompt_injection import (
    BUCKETS,
    CONTEXT,
    EMBEDDING,
    GRAMS,
    WEIGHTS,
    Floats,
    context,
    hashed,
)
from assistant.security.untrusted_text import fold
from assistant.settings import Settings
from ingest.chunking import chunk
from ingest.document.model import Chunk, Document
from ingest.language.sentences import split
from ingest.pdf import pdfium
from vectorstore.embedding.embedder import Embedder, load_embedder

SET = Path(__file__).parent.parent / "benchmarks/sets/injection_development.jsonl"
PASSAGE = 6  # sentences
PASSAGES = 6000
CHUNKS = 60  # of a PDF, from its first pages
PAGES = 20
LOCALES = Path("/usr/share/locale")
FOLDS = 6
# Shares of ordinary sentences that are looked at closely, doubtful, taken for instructions.
SHARES = (0.1, 0.004, 0.0003)
COUNTS = {"instruction": 4.0, "innocent": 4.0, "ordinary": 1.0}  # weight of an example
INVERSE_REGULARIZATION = 1.0


def main() -> None:
    settings = Settings.load()
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    folder = folder or Models(settings).chosen("embedding")
    assert folder is not None, "no embedding model is installed: run `make setup`"
    embedder = load_embedder(folder)
    rng = random.Random(7)
    passages = list(ordinary(Path(sys.argv[1])))
    rng.shuffle(passages)
    examples = Examples(read_rows(SET), passages[:PASSAGES], embedder, rng)
    kept: dict[str, Any] = {"embedder": embedder.identity.split(":")[1]}
    for name, features in (("plain", examples.grams), ("full", examples.everything())):
        kept[f"{name}_thresholds"] = examples.thresholds(name, features)
        model = examples.fit(features, np.ones(len(examples.what), bool))
        weights = np.append(model.coef_[0], model.intercept_)
        kept[name] = weights.astype(np.float16)
    # A sentence by itself is taken for one that fits its page no better than a fifth of them do.
    around = examples.context[examples.what == "ordinary"]
    kept["alone"] = np.quantile(around, 0.2, axis=0).astype(np.float32)
    np.savez_compressed(WEIGHTS, **kept)
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size:,} bytes, {len(examples.what):,} sentences")


class Examples:
    """Sentences with their features, what they are, and the fold that they are left out in."""

    def __init__(
        self, rows: list[dict[str, Any]], passages: list[list[str]], embedder: Embedder,
        rng: random.Random,
    ) -> None:  # fmt: skip
        known = embedder.passages([fold(row["text"]) for row in rows])
        inside = [embedder.passages([fold(s) for s in passage]) for passage in passages]
        texts = [row["text"] for row in rows] + [s for passage in passages for s in passage]
        around = [_neighbours(i, rows, known, inside, rng) for i in range(len(rows))]
        around += [np.delete(v, i, 0) for v in inside for i in range(len(v))]
        self.vectors = np.concatenate([known, *inside])
        self.context = np.stack(
            [context(v, near) for v, near in zip(self.vectors, around, strict=True)]
        )
        self.grams = GRAMS * _matrix(texts)
        kinds = sorted({row["kind"] for row in rows})
        rng.shuffle(kinds)
        self.what = np.array(
            ["instruction" if row["attack"] else "innocent" for row in rows]
            + ["ordinary"] * (len(texts) - len(rows))
        )
        self.fold = np.array(
            [kinds.index(row["kind"]) % FOLDS for row in rows]
            + [number % FOLDS for number, passage in enumerate(passages) for _ in passage]
        )

    def everything(self) -> Any:
        """Grams, embedding and context, side by side."""
        dense = np.hstack([EMBEDDING * self.vectors, CONTEXT * self.context])
        return hstack([self.grams, csr_matrix(dense)]).tocsr()

    def fit(self, features: Any, chosen: Any) -> LogisticRegression:
        weights = np.array([COUNTS[what] for what in self.what[chosen]])
        model = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=300, tol=1e-3)
        model.fit(features[chosen], self.what[chosen] == "instruction", sample_weight=weights)
        return model

    def thresholds(self, name: str, features: Any) -> Floats:
        """The scores that the shares of ordinary sentences reach, each fold left out."""
        scores = np.zeros(len(self.what))
        for number in range(FOLDS):
            out = self.fold == number
            scores[out] = self.fit(features, ~out).decision_function(features[out])
        found = np.quantile(scores[self.what == "ordinary"], [1 - share for share in SHARES])
        for share, least in zip(SHARES, found, strict=True):
            hits = {w: (scores[self.what == w] >= least).mean() for w in COUNTS}
            print(f"{name} {share:.2%}:", {w: round(float(hit), 3) for w, hit in hits.items()})
        return np.asarray(found, np.float32)


def _neighbours(
    at: int, rows: list[dict[str, Any]], known: Floats, inside: list[Floats], rng: random.Random
) -> Floats:
    """An ordinary passage around an instruction, less one sentence; around an innocent one, others
    of its kind."""
    if rows[at]["attack"]:
        passage = rng.choice(inside)
        return np.delete(passage, rng.randrange(len(passage)), 0)
    same = [i for i, row in enumerate(rows) if row["kind"] == rows[at]["kind"] and i != at]
    return known[rng.sample(same, min(PASSAGE - 1, len(same)))]


def _matrix(texts: list[str]) -> Any:
    found = [hashed(fold(text)) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in found)])
    buckets = np.concatenate([buckets for buckets, _ in found])
    values = np.concatenate([values for _, values in found])
    return csr_matrix((values, buckets, ends), shape=(len(texts), BUCKETS))


def ordinary(folder: Path) -> Iterator[list[str]]:
    """Passages of sentences, none twice."""
    seen: set[str] = set()
    for text in _texts(folder):
        lines = [line.strip() for line in text.split("\n")]
        sentences = [s for line in lines for s in split(line) if 12 < len(s) < 400]
        for start in range(0, len(sentences), PASSAGE):
            part = sentences[start : start + PASSAGE]
            if len(part) > 2 and part[0] not in seen:
                seen.update(part)
                yield part


def _texts(folder: Path) -> Iterator[str]:
    for row in (
        *read_rows(folder / "mtrag_un/tasks.jsonl"),
        *read_rows(folder / "office/files.jsonl"),
    ):
        yield from _long(row)
    for name in ("mmlongbench", "kgrag_sec10q"):
        for file in sorted((folder / name / "pdfs").glob("*.pdf")):
            yield from (part.text for part in _chunks(file)[:CHUNKS])
    for language in ("de", "es", "en"):
        yield from (row["text"] for row in read_rows(folder / f"xquad/corpus.{language}.jsonl"))
    for package in sorted(metadata.distributions(), key=lambda d: d.metadata["Name"]):
        yield str(package.metadata.get_payload() or "")[:12_000]
    for language in ("de", "fr", "es"):
        for file in sorted((LOCALES / language / "LC_MESSAGES").glob("*.mo")):
            yield "\n".join(_messages(file))


def _chunks(file: Path) -> list[Chunk]:
    return list(chunk(Document("", file.name, file.name, tuple(islice(pdfium.pages(file), PAGES)))))


def _long(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _long(part)
    elif isinstance(value, str) and len(value) > 80:
        yield value


def _messages(file: Path) -> list[str]:
    with file.open("rb") as opened:
        catalogue: dict[Any, Any] = vars(gettext.GNUTranslations(opened))["_catalog"]
    texts = [text for text in catalogue.values() if isinstance(text, str) and 25 < len(text) < 300]
    return [text.replace("\n", " ").replace("_", "") for text in texts][:400]


if __name__ == "__main__":
    main()
