"""Prompts that do not fit, damaged files, and what is left behind."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.errors import ContextOverflow, ModelUnusable
from assistant.llm.chat_model import LlamaCppChat
from tests.assistant.llm.llama.asking import PASSAGES, SHORT, evaluated, question

pytestmark = pytest.mark.slow


def test_a_prompt_that_does_not_fit_is_refused_before_any_work(chat: LlamaCppChat) -> None:
    def ask() -> None:
        with pytest.raises(ContextOverflow, match=r"takes \d+ tokens .* may take 512.* 4096"):
            chat.invoke(question("Why?", PASSAGES * 3))

    assert evaluated(chat, ask) == 0


def test_room_for_the_answer_is_never_cut_silently(chat: LlamaCppChat) -> None:
    room = chat.context_size - chat.get_num_tokens_from_messages(SHORT)
    with pytest.raises(ContextOverflow):
        next(chat.stream(SHORT, max_tokens=room + 1))
    next(chat.stream(SHORT, max_tokens=room))


def test_the_odds_refuse_a_prompt_that_does_not_fit(chat: LlamaCppChat) -> None:
    with pytest.raises(ContextOverflow):
        chat.next_token_logprobs(question("Why?", PASSAGES * 3), ["yes"])


def test_a_truncated_file_is_named_with_the_reason(smallest_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    with smallest_model.open("rb") as whole, path.open("wb") as half:
        shutil.copyfileobj(whole, half, 1 << 20)
        half.truncate(smallest_model.stat().st_size // 2)
    with pytest.raises(ModelUnusable, match=r"half\.gguf could not be loaded.*llama\.cpp says: "):
        LlamaCppChat.from_file(path)


def test_a_damaged_header_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "noise.gguf"
    path.write_bytes(b"GGUF" + bytes(range(256)) * 40)
    with pytest.raises(ModelUnusable, match=r"noise\.gguf could not be loaded"):
        LlamaCppChat.from_file(path)


def test_nothing_is_printed(smallest_model: Path) -> None:
    code = (
        "from pathlib import Path; from assistant.llm.chat_model import LlamaCppChat as C;"
        f"C.from_file(Path({str(smallest_model)!r})).invoke('Hi', max_tokens=2)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (run.stdout, run.stderr) == (b"", b"")


def test_a_closed_model_gives_its_memory_back_and_can_be_used_again(smallest_model: Path) -> None:
    model = LlamaCppChat.from_file(smallest_model, context=1024)
    engine = model._engine()
    model.close()
    with pytest.raises(ModelUnusable, match="has been closed"):
        engine.logits_after([1], threading.Event())
    assert model.invoke(SHORT, max_tokens=1).content
