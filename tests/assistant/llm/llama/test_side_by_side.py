"""The embedder and the chat model in one process, in turns."""

import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.llm.llama.engine import LlamaEngine
from vectorstore.embedding.embedder import load_embedder

pytestmark = pytest.mark.slow


def test_embedding_between_two_prompts_changes_no_answer(
    smallest_model: Path, embedding_model: Path
) -> None:
    engine, never = LlamaEngine(smallest_model, 1024, None), threading.Event()
    embedder = load_embedder(embedding_model)
    one, two = (engine.words.tokenize(f"{word} is the colour of " * 40) for word in ("Red", "Blue"))
    before = engine.logits_after(two, never)
    engine.logits_after(one, never)
    embedder.query("Which colour is it?")
    embedder.passages(["Red is the colour of roses.", "Blue is the colour of the sea."])
    after = engine.logits_after(two, never)
    assert before is not None
    assert after is not None
    assert np.abs(after - before).max() < 0.5  # nonsense differs by ten and more
