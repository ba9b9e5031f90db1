"""The library of the ready wheel, called in a process of its own, beside the compiled one."""

import json
import math
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from assistant.llm.chat_model import LlamaCppChat
from assistant.llm.llama.runtime import READY_VERSION
from tests.conftest import PROJECT
from tests.test_dependencies import PINNED

pytest.importorskip("xllamacpp")

WORDS = ["Red", "I", "The", "Yes"]
# Other vector instructions round otherwise, so that late words differ; what is damaged shows in
# the first ones.
FIRST = 4
CLOSE = 0.5  # of log-odds, for the same reason
ASK = """
import json, sys
sys.modules["llama_cpp"] = None
from pathlib import Path
from langchain_core.messages import HumanMessage
from assistant.llm.chat_model import LlamaCppChat
from assistant.llm.llama import runtime
chat = LlamaCppChat.from_file(Path(sys.argv[1]), context=1024)
llama = runtime.runtime()
question = [HumanMessage("Name three colours of the rainbow.")]
schema = json.dumps({"type": "object", "properties": {"size": {"type": "integer"}},
                     "required": ["size"], "additionalProperties": False})
params = llama.llama_context_default_params()
eyes = runtime.mtmd().mtmd_context_params_default()
print(json.dumps({
    "uses": runtime.which(),
    "tokens": chat.get_token_ids("Naïve café, 東京 and <|im_end|>."),
    "prompt": chat.get_num_tokens_from_messages(question),
    "text": chat.invoke(question, max_tokens=8).content,
    "again": chat.invoke(question, max_tokens=8).content,
    "computed": chat._engine().evaluated,
    "odds": chat.next_token_logprobs(question, WORDS),
    "json": chat.invoke(question, max_tokens=24, schema=schema).content,
    "defaults": [params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max,
                 params.yarn_ext_factor, params.embeddings, params.offload_kqv, params.no_perf,
                 params.op_offload, params.swa_full, params.kv_unified, params.ctx_other],
    "eyes": [eyes.use_gpu, eyes.print_timings, eyes.warmup, eyes.image_min_tokens,
             eyes.image_max_tokens, eyes.batch_max_tokens],
}))
""".replace("WORDS", repr(WORDS))


@pytest.fixture(scope="module")
def said(smallest_model: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(smallest_model)],
        cwd=PROJECT, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_declarations_are_those_of_the_version_that_is_declared() -> None:
    assert PINNED["xllamacpp"] == READY_VERSION == version("xllamacpp")


@pytest.mark.slow
def test_it_is_used_where_llama_cpp_python_is_not_installed(said: dict[str, Any]) -> None:
    assert said["uses"] == f"xllamacpp {READY_VERSION}"


@pytest.mark.slow
def test_structures_are_laid_out_as_they_are_declared(said: dict[str, Any]) -> None:
    """A field that was added or moved shows in the defaults behind it."""
    expected = [512, 2048, 512, 1, -1, False, True, True, True, True, False, None]
    assert said["defaults"] == expected
    assert said["eyes"] == [True, True, True, -1, -1, 1024]


@pytest.mark.slow
def test_it_answers_as_the_compiled_one(said: dict[str, Any], smallest_model: Path) -> None:
    pytest.importorskip("llama_cpp")
    from langchain_core.messages import HumanMessage

    chat = LlamaCppChat.from_file(smallest_model, context=1024)
    question = [HumanMessage("Name three colours of the rainbow.")]
    assert said["tokens"] == chat.get_token_ids("Naïve café, 東京 and <|im_end|>.")
    assert said["prompt"] == chat.get_num_tokens_from_messages(question)
    assert said["text"].split()[:FIRST] == chat.invoke(question).content.split()[:FIRST]
    assert said["odds"] == pytest.approx(chat.next_token_logprobs(question, WORDS), abs=CLOSE)
    chat.close()


@pytest.mark.slow
def test_the_same_prompt_gives_the_same_answer_from_its_cache(said: dict[str, Any]) -> None:
    assert said["text"] == said["again"]
    assert said["computed"] < 2 * said["prompt"] + 16  # the second time only a part was computed


@pytest.mark.slow
def test_it_keeps_to_a_schema(said: dict[str, Any]) -> None:
    assert isinstance(json.loads(said["json"])["size"], int)


@pytest.mark.slow
def test_odds_are_log_probabilities(said: dict[str, Any]) -> None:
    assert sum(map(math.exp, said["odds"])) <= 1
