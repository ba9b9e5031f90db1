"""The real embedding model, where a test of instructions needs the meaning of sentences."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.security import prompt_injection
from vectorstore.embedding.embedder import load_embedder


@pytest.fixture
def meaning(minilm: Path) -> Iterator[None]:
    """The head sees the vectors of MiniLM, in this test alone."""
    prompt_injection._graded.cache_clear()
    prompt_injection.use_embedder(load_embedder(minilm))
    yield
    prompt_injection._installed.clear()
    prompt_injection._graded.cache_clear()
