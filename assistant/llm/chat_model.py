"""The local chat model behind LangChain's interface: messages in, a streamed answer out.

Knows no prompt and nothing about documents; llama.cpp itself is in `assistant.llm.llama`.
"""

import codecs
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from numpy.typing import NDArray
from pydantic import PrivateAttr

from assistant.errors import ContextOverflow
from assistant.llm.llama.engine import LlamaEngine
from assistant.settings import Gpu
from ingest.errors import Stopped

ChatModel = BaseChatModel  # what answers need; ours is LlamaCppChat


class LlamaCppChat(BaseChatModel):
    """A GGUF chat model run in this process.

    It writes the likeliest token, always. `invoke` and `stream` also take `max_tokens`, `schema`,
    the text of a JSON schema that the answer fits, and `cancel`, a threading.Event that ends it
    within half a second; with `logprobs`, chunks carry those of their tokens, as OpenAI's do. They
    take no tools and no stop words. One caller at a time: a stream holds the model until it ends,
    is closed or is dropped.
    """

    model_path: Path
    context: int = 4096
    threads: int | None = None  # None or 0: one for each physical core
    gpu: Gpu = "off"
    max_tokens: int = 512

    _loaded: LlamaEngine | None = PrivateAttr(None)
    _loading: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @classmethod
    def from_file(
        cls, path: Path, *, context: int = 4096, threads: int | None = None, gpu: Gpu = "off"
    ) -> Self:
        """Load the model now. Raises ModelUnusable or ModelRuntimeMissing with a sentence."""
        model = cls(model_path=path, context=context, threads=threads, gpu=gpu)
        model._engine()
        return model

    def close(self) -> None:
        """Free the memory; the next use loads the model again."""
        with self._loading:
            engine, self._loaded = self._loaded, None
        if engine is not None:
            engine.close()

    def _engine(self) -> LlamaEngine:
        with self._loading:
            if self._loaded is None:
                self._loaded = LlamaEngine(self.model_path, self.context, self.threads, self.gpu)
            return self._loaded

    @property
    def model_name(self) -> str:
        """The file's name without its ending."""
        return self.model_path.stem

    @property
    def context_size(self) -> int:
        """How many tokens prompt and answer may take together."""
        return self._engine().context_size

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    # --- counting and odds --------------------------------------------------------------------

    def get_token_ids(self, text: str) -> list[int]:
        """The tokens of a text; markup of the chat template in it is only text."""
        return self._engine().words.tokenize(text)

    def tokens_in(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.get_token_ids(text))

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """The tokens of these messages, exactly as they will be sent."""
        return len(self._prompt(self._engine(), messages))

    def next_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        """The natural-log probability of the first token of each candidate as the next one.

        Raises Stopped when `cancel` is set meanwhile.
        """
        engine = self._engine()
        prompt = self._prompt(engine, messages)
        _check_room(len(prompt), 1, engine.context_size)
        logits = engine.logits_after(prompt, cancel or threading.Event())
        if logits is None:
            raise Stopped("Stopped before the model had read the question.")
        return _logprobs(engine, logits, candidates)

    def logprobs_aside(
        self, messages: Sequence[BaseMessage], candidates: Sequence[str], cancel: threading.Event
    ) -> list[float] | None:
        """The same for messages that continue those that are being answered, for who iterates
        over the stream, or has: it goes on as if nothing had been asked. None where they do not,
        leave no room, or `cancel` is set meanwhile."""
        engine = self._engine()
        prompt = self._prompt(engine, messages)
        if len(prompt) >= engine.context_size or (logits := engine.aside(prompt, cancel)) is None:
            return None
        return _logprobs(engine, logits, candidates)

    # --- answering ----------------------------------------------------------------------------

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **options: Any,
    ) -> Iterator[ChatGenerationChunk]:
        if stop:
            raise ValueError("This model takes no stop words.")
        engine = self._engine()
        prompt = self._prompt(engine, messages)
        limit = options.get("max_tokens", self.max_tokens)
        _check_room(len(prompt), limit, engine.context_size)
        cancel = options.get("cancel") or threading.Event()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        count = 0
        with closing(engine.generate(prompt, limit, cancel, options.get("schema"))) as tokens:
            for token in tokens:
                count += 1
                chunk = AIMessageChunk(content=decoder.decode(engine.words.piece(token)))
                if options.get("logprobs"):
                    told = engine.logprobs(token, str(chunk.content))
                    chunk.response_metadata = {"logprobs": {"content": [told]}}
                yield ChatGenerationChunk(message=chunk)
        reason = "cancelled" if cancel.is_set() else "length" if count == limit else "stop"
        last = AIMessageChunk(
            content=decoder.decode(b"", True),
            usage_metadata=UsageMetadata(
                input_tokens=len(prompt), output_tokens=count, total_tokens=len(prompt) + count,
            ),
            response_metadata={"model_name": self.model_name, "finish_reason": reason},
            chunk_position="last",
        )  # fmt: skip
        yield ChatGenerationChunk(message=last)

    def _prompt(self, engine: LlamaEngine, messages: Sequence[BaseMessage]) -> list[int]:
        turns: Any = convert_to_openai_messages(messages)
        return engine.words.tokenize(engine.words.render(turns), markup=True)


def _logprobs(
    engine: LlamaEngine, logits: NDArray[np.float64], candidates: Sequence[str]
) -> list[float]:
    """Of the first token of each candidate."""
    top = logits.max()
    total = top + np.log(np.exp(logits - top).sum())
    first = [engine.words.tokenize(candidate)[0] for candidate in candidates]
    return [float(logits[token] - total) for token in first]


def _check_room(prompt: int, answer: int, context: int) -> None:
    """Raises ContextOverflow where so many tokens do not fit together."""
    if prompt + answer > context:
        raise ContextOverflow(
            f"The prompt takes {prompt} tokens and the answer may take {answer}: together more "
            f"than the {context} of the model's context. Ask something shorter, give it fewer "
            "passages, or set a larger context."
        )
