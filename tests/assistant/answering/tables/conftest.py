"""What tests of tables share: an embedder that weights are fitted to, and the tool's answer."""

from pathlib import Path

import pytest

from assistant.contract.facts import Outcome
from assistant.contract.request import Request
from assistant.tools.tabular import Tables
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.library import Library


@pytest.fixture(scope="module")
def embedder(minilm: Path) -> Embedder:
    return load_embedder(minilm, 1)


def answer(library: Library, question: str) -> Outcome | None:
    """None where the tool leaves the question."""
    reply = Tables().offer(Request(question, library))
    return reply.finish() if reply else None
