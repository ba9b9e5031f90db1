"""A very small real model, loaded once for all tests of the chat model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.llm.chat_model import LlamaCppChat
from tests.assistant.llm.llama.asking import FIRST_WORDS, SHORT


@pytest.fixture(scope="package")
def chat(smallest_model: Path) -> Iterator[LlamaCppChat]:
    model = LlamaCppChat.from_file(smallest_model, context=4096)
    yield model
    model.close()


@pytest.fixture(scope="package")
def fresh_answer(smallest_model: Path) -> str:
    """What a model that was never used before says."""
    model = LlamaCppChat.from_file(smallest_model, context=4096)
    return str(model.invoke(SHORT, max_tokens=FIRST_WORDS).content)
