"""The local chat model behind LangChain's interface: messages in, a streamed answer out.

Knows no prompt and nothing about documents; llama.cpp itself is in `assistant.llm.llama`.
"""

import threading
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr

from assistant.llm.llama.chat_format import OPEN, call_schema, chosen_tools, in_words, turn
from assistant.llm.llama.engine import (
    Ending,
    GenerationRequest,
    LlamaEngine,
    Sampling,
    answer,
    check_room,
)
from assistant.llm.llama.runtime import Placement
from assistant.settings import Gpu
from ingest.errors import Stopped

ChatModel = BaseChatModel  # what answers need; ours is LlamaCppChat


class LlamaCppChat(BaseChatModel):
    """A GGUF chat model run in this process.

    `invoke` and `stream` also take `max_tokens`, `temperature`, `seed`, `schema`, the text of a
    JSON schema that the answer fits, and `cancel`, a threading.Event that ends it within half a
    second; with `logprobs`, chunks carry those of their tokens, as OpenAI's do. One caller at a
    time: a stream holds the model until it ends, is closed or is dropped.
    """

    model_path: Path
    context: int = 4096
    threads: int | None = None  # None or 0: one for each physical core
    gpu: Gpu = "off"
    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int = 0
    max_tokens: int = 512
    stop: list[str] | None = None

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
    def placement(self) -> Placement:
        """Where the model's layers are. Loads the model first."""
        return self._engine().placement

    @property
    def sampling(self) -> dict[str, Any]:
        """The model's own parameters of sampling, and the seed, by name."""
        names = ("temperature", "top_k", "top_p", "min_p", "seed")
        return {name: getattr(self, name) for name in names}

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        model = {"model_name": self.model_name, "context": self.context}
        return {**model, **self.sampling, "max_tokens": self.max_tokens}

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        kwargs.pop("cancel", None)  # tracers copy these values; an event cannot be copied
        return super()._get_invocation_params(stop, **kwargs)

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
        formatted = [convert_to_openai_tool(tool) for tool in tools or ()]
        return len(self._prompt(self._engine(), messages, formatted))

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
        prompt = self._prompt(engine, messages, ())
        check_room(len(prompt), 1, engine.context_size)
        first = [engine.words.tokenize(candidate)[0] for candidate in candidates]
        logits = engine.logits_after(prompt, cancel)
        if logits is None:
            raise Stopped("Stopped before the model had read the question.")
        top = logits.max()
        total = top + np.log(np.exp(logits - top).sum())
        return [float(logits[token] - total) for token in first]

    # --- tools --------------------------------------------------------------------------------

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: dict[str, Any] | str | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools; `tool_choice` forces one by name, or any one with "any"."""
        formatted = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=formatted, tool_choice=tool_choice, **kwargs)

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
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        engine = self._engine()
        request = self._request(engine, messages, stop, kwargs)
        ending = yield from _chunks(answer(engine, request), request)
        last = AIMessageChunk(
            content="",
            tool_call_chunks=[
                tool_call_chunk(
                    name=call.name, args=call.arguments, index=at, id=f"call_{uuid.uuid4().hex[:9]}"
                )
                for at, call in enumerate(ending.calls)
            ],
            usage_metadata=UsageMetadata(
                input_tokens=len(request.prompt), output_tokens=ending.tokens,
                total_tokens=len(request.prompt) + ending.tokens,
            ),
            response_metadata={"model_name": self.model_name, "finish_reason": ending.reason},
            chunk_position="last",
        )  # fmt: skip
        yield ChatGenerationChunk(message=last)

    def _request(
        self,
        engine: LlamaEngine,
        messages: list[BaseMessage],
        stop: list[str] | None,
        options: dict[str, Any],
    ) -> GenerationRequest:
        tools, forced = chosen_tools(options.get("tools"), options.get("tool_choice"))
        begun = f"{OPEN}\n" if forced else ""
        prompt = self._prompt(engine, messages, tools, begun)
        limit = options.get("max_tokens", self.max_tokens)
        check_room(len(prompt), limit, engine.context_size)
        return GenerationRequest(
            prompt=prompt,
            begun=begun,
            tool_names=[tool["function"]["name"] for tool in tools],
            stops=stop if stop is not None else self.stop or [],
            limit=limit,
            sampling=self._sampling(options, call_schema(forced) if forced else None),
            cancel=options.get("cancel"),
            written=[] if options.get("logprobs") else None,
        )

    def _sampling(self, options: dict[str, Any], schema: str | None) -> Sampling:
        chosen = {name: options.get(name, value) for name, value in self.sampling.items()}
        return Sampling(**chosen, schema=schema or options.get("schema"))

    def _prompt(
        self,
        engine: LlamaEngine,
        messages: Sequence[BaseMessage],
        tools: Sequence[dict[str, Any]],
        begun: str = "",
    ) -> list[int]:
        turns = [turn(message) for message in messages]
        if "tools" not in engine.words.template:
            turns, tools = in_words(turns, tools), ()
        text = engine.words.render(turns, list(tools) or None)
        return engine.words.tokenize(text + begun, markup=True)


def _chunks(
    words: Generator[str, None, Ending], request: GenerationRequest
) -> Generator[ChatGenerationChunk, None, Ending]:
    with closing(words):
        while True:
            try:
                text = next(words)
            except StopIteration as end:
                ending: Ending = end.value
                return ending
            chunk = AIMessageChunk(content=text)
            if request.written:  # the tokens since the last chunk
                chunk.response_metadata = {"logprobs": {"content": [*request.written]}}
                request.written.clear()
            yield ChatGenerationChunk(message=chunk)
