"""What the chat model adapter does with words and wrong files, without a model."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.errors import ModelUnusable
from assistant.llm.chat_model import LlamaCppChat
from assistant.llm.llama import engine
from assistant.llm.llama.engine import _folded


def test_a_strict_template_gets_alternating_turns_without_a_system_role() -> None:
    turns = [("system", "Be brief."), ("user", "Hi"), ("assistant", "a"), ("assistant", "b")]
    folded = _folded([{"role": role, "content": text} for role, text in turns])
    assert [message["role"] for message in folded] == ["user", "assistant"]
    assert folded[0]["content"] == "Be brief.\n\nHi"


def test_a_missing_model_file_is_named() -> None:
    with pytest.raises(ModelUnusable, match=r"no model file at .*none\.gguf"):
        LlamaCppChat.from_file(Path("none.gguf"))


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"version https://git-lfs"])
def test_a_file_that_is_not_a_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="is not a GGUF model file"):
        LlamaCppChat.from_file(path)


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="no model file"):
        LlamaCppChat.from_file(tmp_path)


def test_stop_words_are_refused_rather_than_ignored() -> None:
    model = LlamaCppChat(model_path=Path("some/model.gguf"))
    with pytest.raises(ValueError, match="takes no stop words"):
        model.invoke("Hi", stop=["x"])


def test_the_reused_prefix_is_the_longest_common_one() -> None:
    assert engine._common_prefix([1, 2, 3], [1, 2, 9]) == 2
    assert engine._common_prefix([1, 2], [1, 2, 3]) == 2
    assert engine._common_prefix([], [1]) == 0


def test_waiting_for_the_model_ends_when_cancelled() -> None:
    lock, cancel = threading.Lock(), threading.Event()
    lock.acquire()
    threading.Timer(0.05, cancel.set).start()
    assert engine._acquire(lock, cancel) is False


def test_importing_the_chat_model_does_not_load_llama_cpp() -> None:
    code = "import sys, assistant.llm.chat_model; sys.exit('llama_cpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
