"""Generates with one loaded model: from a prompt of tokens, the next tokens or their odds.

Knows neither LangChain nor documents. A model that sees is one with a projector.
"""

import ctypes
import functools
import json
import math
import os
import re
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2
import jinja2.ext
import numpy as np
from jinja2.sandbox import ImmutableSandboxedEnvironment
from numpy.typing import NDArray

from assistant.errors import ContextOverflow, ModelUnusable
from assistant.llm.llama import runtime
from assistant.llm.llama.runtime import Placement
from assistant.models.catalogue import this_machine
from assistant.settings import Gpu

if TYPE_CHECKING:
    from PIL.Image import Image


# -- The vocabulary of a model's file, and its chat template: a Jinja program that writes a
# conversation as a prompt. Templates get the extensions and functions of transformers' templates,
# which authors write for.


class _GenerationMarks(jinja2.ext.Extension):
    """`{% generation %}` marks what a model is trained on; it writes nothing."""

    tags = {"generation"}  # noqa: RUF012 - the attribute that Jinja reads

    def parse(self, parser: Any) -> Any:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


def _compiled(text: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationMarks, jinja2.ext.loopcontrols],
    )
    # Jinja's own writes & and < as escapes, which no model was trained on.
    environment.filters["tojson"] = functools.partial(json.dumps, ensure_ascii=False)
    environment.globals.update(
        raise_exception=_refuse, strftime_now=lambda form: datetime.now().strftime(form)
    )
    return environment.from_string(text)


class Vocabulary:
    """What a model's file says about words: its tokens and how a conversation is written down.

    It owns the loaded model, which is freed with it. Everything else is read-only, so any thread
    may use it while another one generates.
    """

    def __init__(self, llama: Any, model: Any, path: Path) -> None:
        self._llama = llama
        self.model = model
        weakref.finalize(self, llama.llama_model_free, model).atexit = False
        self.trained_context: int = llama.llama_model_n_ctx_train(model)
        self.handle = llama.llama_model_get_vocab(model)
        self.size: int = llama.llama_vocab_n_tokens(self.handle)
        self.path = path
        self.start = self._name(llama.llama_vocab_bos(self.handle))  # of a prompt
        self._end = self._name(llama.llama_vocab_eos(self.handle))
        self._use(runtime.metadata(llama, model, "tokenizer.chat_template"))

    def tokenize(self, text: str, *, markup: bool = False) -> list[int]:
        """The tokens of `text`; with `markup`, control tokens are recognised by their names."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        tokens = (self._llama.llama_token * room)()
        count = self._llama.llama_tokenize(self.handle, raw, len(raw), tokens, room, False, markup)
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of a token; they need not be whole characters."""
        size = 256
        buffer = ctypes.create_string_buffer(size)
        count = self._llama.llama_token_to_piece(self.handle, token, buffer, size, 0, False)
        return buffer.raw[: max(count, 0)]

    def ends(self, token: int) -> bool:
        """Whether `token` ends the model's turn."""
        return bool(self._llama.llama_vocab_is_eog(self.handle, token))

    def render(self, messages: list[dict[str, Any]]) -> str:
        """The prompt for the assistant's next turn, written by the model's own template."""
        clean = [{**message, "content": self.plain(message["content"])} for message in messages]
        try:
            text = self.fill(clean)
        except ValueError:  # some templates refuse a system role, or two messages of one role
            text = self.fill(_folded(clean))
        needs_start = self._llama.llama_vocab_get_add_bos(self.handle)
        return text if not needs_start or text.startswith(self.start) else self.start + text

    def fill(self, messages: list[dict[str, Any]]) -> str:
        """The template with these messages, as they are. Raises what the template raises:
        ValueError where it refuses the messages."""
        return self._template.render(
            messages=messages, tools=None, functions=None, function_call=None, tool_choice=None,
            add_generation_prompt=True, enable_thinking=False,
            bos_token=self.start, eos_token=self._end,
        )  # fmt: skip

    def plain(self, text: str) -> str:
        """A text in which the names of control tokens are plain text."""
        # A document that contains "<|im_end|>" must not be able to end its message.
        return self._control_names.sub(lambda name: f"{name[0][0]} {name[0][1:]}", text)

    @functools.cached_property
    def _control_names(self) -> re.Pattern[str]:
        is_control, is_end = self._llama.llama_vocab_is_control, self._llama.llama_vocab_is_eog
        names = [
            re.escape(self._name(token))
            for token in range(self.size)
            if is_control(self.handle, token) or is_end(self.handle, token)
        ]
        return re.compile("|".join(sorted(filter(None, names), key=len, reverse=True)) or r"(?!)")

    def _name(self, token: int) -> str:
        if token < 0:
            return ""
        return str(self._llama.llama_vocab_get_text(self.handle, token).decode("utf-8", "replace"))

    def _use(self, template: str) -> None:
        if not template:
            raise ModelUnusable(
                f"{self.path} has no chat template: it completes text but does not answer. "
                "Choose an 'instruct' or 'chat' version of the model."
            )
        try:
            self._template = _compiled(template)
            self.fill([{"role": "user", "content": "Hello"}])
        except Exception as error:  # a template is a program of the file's author
            raise ModelUnusable(
                f"The chat template in {self.path} does not work here: {error}. "
                "Choose another file of this model."
            ) from error


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same words with the system's put in front of the user's and one message for a turn."""
    folded: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message["role"] == "assistant" else "user"
        if folded and folded[-1]["role"] == role:
            folded[-1]["content"] += f"\n\n{message['content']}"
        else:
            folded.append({"role": role, "content": message["content"]})
    return folded


# -- What computes with a loaded model

_LOOK_AGAIN = 0.05  # seconds between two looks at a cancel event
# llama.cpp computes attention by tiles of 64 tokens, products by fours, and those left over, or
# alone, with other rounding: scores move by .4 (0.3.36). Prompts are therefore computed in whole
# blocks from their start, and what was computed otherwise is not used again: the same prompt gives
# the same answer, whatever was before.
BLOCK = 64  # tokens
_NEAR = -4.0  # a token that is less likely than the best by this log-ratio is not reported
_INSTEAD = 3  # tokens that are reported
_ABORTED = 2  # what llama_decode returns when the abort callback stopped it


class LlamaEngine:
    """A model and the one context it computes in.

    `words` may be used from any thread while another one generates. `generate` and `logits_after`
    wait for each other: llama.cpp aborts the process when two threads use one context. A generator
    holds the model from its first token until it ends, is closed or is dropped.
    """

    def __init__(self, path: Path, context: int, threads: int | None, gpu: Gpu = "off") -> None:
        runtime.refuse_other_files(path)
        self.path = path
        self.evaluated = 0  # tokens the model has computed; a reused prefix does not count
        self._llama = llama = runtime.runtime()
        self._lock = threading.Lock()
        self._held: list[int] = []  # the tokens whose keys and values are in the context
        self._whole = 0  # of them, from the start, those computed in whole blocks
        self._paused = False  # whether who iterates over `generate` has the turn
        self._asked = 0  # tokens of the last prompt: those behind it came one by one
        self._never = ctypes.create_string_buffer(2)
        self._open(runtime.placements(llama, path, gpu), context, threads)
        # `words` frees the weights, so it has to live until the context is gone.
        self._finalizer = weakref.finalize(self, _free, llama, self._context, self.words)
        self._finalizer.atexit = False  # a daemon thread may still be computing at exit
        self._memory = llama.llama_get_memory(self._context)

    def _open(self, tries: Iterable[Placement], context: int, threads: int | None) -> None:
        """As far onto a graphics device as there is memory. Raises ModelUnusable where not even the
        processor, which is the last of `tries`, has enough."""
        for self.placement in tries:
            try:
                return self._open_at(self.placement.layers, context, threads)
            except ModelUnusable:
                if not self.placement.layers:
                    raise

    def _open_at(self, layers: int, context: int, threads: int | None) -> None:
        model = runtime.load_model(self._llama, self.path, layers)
        self.words = Vocabulary(self._llama, model, self.path)
        self.context_size: int = min(context, self.words.trained_context or context)
        self._scratch = np.empty(self.words.size, np.float32)
        self._context = runtime.open_context(
            self._llama, model, self.path, self.context_size,
            threads or this_machine().cores, bool(layers),
        )  # fmt: skip

    def close(self) -> None:
        """Free the context, once a running generation has ended; the weights go with the object."""
        with self._lock:
            self._finalizer()

    def generate(
        self, prompt: Sequence[int], limit: int, cancel: threading.Event, schema: str | None = None
    ) -> Generator[int]:
        """Yield the likeliest tokens of the answer, of JSON that fits `schema` where there is one,
        until its end, `limit` or `cancel`."""
        with self._running(cancel) as ready:
            if ready and self._hold(prompt):
                yield from self._tokens(limit, cancel, schema)

    def _tokens(
        self, limit: int, cancel: threading.Event, schema: str | None = None
    ) -> Generator[int]:
        """Behind what is in the context."""
        with self._sampler(schema) as pick:
            for number in range(1, limit + 1):
                if cancel.is_set() or self.words.ends(token := pick()):
                    return
                self._paused = True
                try:
                    yield token
                finally:
                    self._paused = False
                if number < limit and not self._decode([token]):
                    return

    def logits_after(
        self, prompt: Sequence[int], cancel: threading.Event
    ) -> NDArray[np.float64] | None:
        """The raw score of every token as the next one; None when cancelled."""
        with self._running(cancel) as ready:
            if not ready or not self._hold(prompt):
                return None
            return self._logits().astype(np.float64)

    def aside(self, prompt: Sequence[int], cancel: threading.Event) -> NDArray[np.float64] | None:
        """The raw scores after a prompt that continues the last one, also in the midst of
        `generate`, for who iterates over it: the same tokens follow as without. None where it
        does not, is longer than a batch, or was stopped. A recurrent model, whose cache cannot be
        cut, would lose what it holds. Raises ModelUnusable."""
        free = self._lock.acquire(blocking=False)  # else it is held by the iteration
        try:
            if not self._finalizer.alive or not (free or self._paused):
                return None
            with self._abortable(cancel) if free else nullcontext():
                return self._aside(prompt, free)
        finally:
            if free:
                self._lock.release()

    def _aside(self, prompt: Sequence[int], ended: bool) -> NDArray[np.float64] | None:
        held, common = list(self._held), _common_prefix(self._held, prompt)
        more = prompt[common:]
        if not self._asked or common < self._asked or not 0 < len(more) <= runtime.BATCH:
            return None
        self._keep(common)
        scores = self._logits().astype(np.float64) if self._decode(more) else None
        self._keep(common)
        if ended:  # nothing is to follow
            return scores
        # One by one, as they were computed before.
        restored = all(self._decode([token]) for token in held[common:])
        return scores if restored else None

    def _logits(self) -> NDArray[np.float32]:
        scores = self._llama.llama_get_logits_ith(self._context, -1)
        found: NDArray[np.float32] = np.ctypeslib.as_array(scores, (self.words.size,))
        return found

    def logprobs(self, token: int, text: str) -> dict[str, Any]:
        """Natural-log probabilities, of a token that `generate` has just yielded and of others in
        its place, the likeliest first, in the form of OpenAI's `logprobs`; `text` is empty where it
        is the beginning of a letter. It reads what is computed already: .2 ms with 150,000 tokens,
        below half a percent of a token's time."""
        logits = self._logits()
        np.subtract(logits, logits.max(), out=self._scratch)
        own = float(self._scratch[token])
        near = np.flatnonzero(self._scratch > _NEAR)
        likely = sorted(zip(self._scratch[near].tolist(), near.tolist(), strict=True))[::-1]
        np.exp(self._scratch, out=self._scratch)
        total = math.log(float(self._scratch.sum()))
        others = [(other, score - total) for score, other in likely if other != token]
        instead = [
            {"token": self.words.piece(other).decode(errors="replace"), "logprob": logprob}
            for other, logprob in others[:_INSTEAD]
        ]
        return {"token": text, "logprob": own - total, "top_logprobs": instead}

    @contextmanager
    def _running(self, cancel: threading.Event) -> Iterator[bool]:
        """Hold the model; yields False, without holding it, when cancelled while waiting."""
        if not _acquire(self._lock, cancel):
            yield False
            return
        try:
            if not self._finalizer.alive:
                raise ModelUnusable(f"{self.path} has been closed. Load the model again.")
            with self._abortable(cancel):
                yield True
        finally:
            self._lock.release()

    @contextmanager
    def _abortable(self, cancel: threading.Event) -> Iterator[None]:
        flag, done = ctypes.create_string_buffer(2), threading.Event()
        threading.Thread(target=_copy, args=(cancel, flag, done), daemon=True).start()
        self._watch_flag(flag)
        try:
            yield
        finally:
            done.set()
            self._watch_flag(self._never)

    def _watch_flag(self, flag: ctypes.Array[ctypes.c_char]) -> None:
        # llama.cpp asks after each of some 650 operations of a token. A Python function would
        # wait for the interpreter lock each time: 12 times slower beside one busy Python thread
        # (0.3.36). The C library's strlen answers the same question: is the first byte set?
        library = ctypes.cdll.msvcrt if os.name == "nt" else ctypes.CDLL(None)
        is_set = ctypes.cast(library.strlen, self._llama.ggml_abort_callback)
        address = ctypes.cast(flag, ctypes.c_void_p)
        self._llama.llama_set_abort_callback(self._context, is_set, address)

    def _hold(self, prompt: Sequence[int]) -> bool:
        """Load `prompt` into the context; False when stopped on the way."""
        # The last token is always computed, because its scores are needed.
        common = min(_common_prefix(self._held, prompt), len(prompt) - 1, self._whole)
        self._keep(common // BLOCK * BLOCK)
        whole = len(prompt) // BLOCK * BLOCK
        self._asked = len(prompt)
        for start in range(len(self._held), whole, runtime.BATCH):
            if not self._decode(prompt[start : min(start + runtime.BATCH, whole)]):
                return False
            self._whole = len(self._held)
        return whole == len(prompt) or self._decode(prompt[whole:])

    def _keep(self, count: int) -> None:
        if not self._llama.llama_memory_seq_rm(self._memory, 0, count, -1):
            self._llama.llama_memory_clear(self._memory, True)  # recurrent: all or nothing
            count = 0
        del self._held[count:]
        self._whole = min(self._whole, count)

    def _decode(self, tokens: Sequence[int]) -> bool:
        array = (self._llama.llama_token * len(tokens))(*tokens)
        batch = self._llama.llama_batch_get_one(array, len(tokens))
        code = self._llama.llama_decode(self._context, batch)
        if code == 0:
            self._held.extend(tokens)
            self.evaluated += len(tokens)
            return True
        self._keep(len(self._held))  # a stopped call may leave some of its tokens behind
        if code == _ABORTED:
            return False
        raise ModelUnusable(f"llama.cpp failed on {self.path} (code {code}).{runtime.reasons()}")

    @contextmanager
    def _sampler(self, schema: str | None) -> Iterator[Callable[[], int]]:
        llama = self._llama
        chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        try:
            if schema is not None:
                llama.llama_sampler_chain_add(chain, self._grammar(schema))
            llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
            yield lambda: int(llama.llama_sampler_sample(chain, self._context, -1))
        finally:
            llama.llama_sampler_free(chain)

    def _grammar(self, schema: str) -> Any:
        grammar = runtime.schema_sampler(self._llama, self.words.handle, schema)
        if not grammar:
            raise ValueError(
                f"llama.cpp cannot follow this JSON schema: {schema}{runtime.reasons()}"
            )
        return grammar


def _free(llama: Any, context: Any, _words: Vocabulary) -> None:
    llama.llama_free(context)


def _acquire(lock: threading.Lock, cancel: threading.Event) -> bool:
    while not cancel.is_set():
        if lock.acquire(timeout=_LOOK_AGAIN):
            return True
    return False


def _copy(
    cancel: threading.Event, flag: ctypes.Array[ctypes.c_char], done: threading.Event
) -> None:
    while not cancel.is_set():  # which one that is only looked at may answer differently each time
        if done.wait(_LOOK_AGAIN):
            return
    flag[0] = b"\1"


def _common_prefix(held: Sequence[int], prompt: Sequence[int]) -> int:
    pairs = zip(held, prompt, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(held), len(prompt)))


# -- A GGUF vision model: answers questions about a picture with llama.cpp's own mtmd library
# llama-cpp-python's chat handlers are not used: they fail on templates that take a message as one
# text (ChatML, 0.3.36), and nothing ends them in the midst of a picture.

_CONTEXT = 4096
_MOST_OF_PICTURE = 1024  # tokens, where a model may choose: its default can be the whole window
_PLAIN = "{picture}\n\nQuestion: {question}\n\nAnswer:"  # moondream's, whose file has no template


class SeeingEngine(LlamaEngine):
    """A model with its projector (the mmproj file), which turns pictures into its tokens."""

    def __init__(self, path: Path, projector: Path, threads: int | None = None) -> None:
        """Raises ModelUnusable or ModelRuntimeMissing."""
        runtime.refuse_other_files(projector)
        super().__init__(path, _CONTEXT, threads)
        self._mtmd = runtime.mtmd()
        self._eyes = self._opened(projector, threads or this_machine().cores)
        # It refers to the weights, so it has to go before them.
        weakref.finalize(self, self._mtmd.mtmd_free, self._eyes).atexit = False

    def ask(
        self, picture: "Image", question: str, limit: int, cancel: threading.Event | None = None
    ) -> str:
        """The answer; the text so far when cancelled. Raises ContextOverflow."""
        cancel = cancel or threading.Event()
        with self._running(cancel) as ready, self._pieces(picture, question, limit) as pieces:
            if not ready or not self._read(pieces, cancel):
                return ""
            answer = b"".join(map(self.words.piece, self._tokens(limit, cancel)))
            return answer.decode("utf-8", "replace").strip()

    def _opened(self, projector: Path, threads: int) -> Any:
        params = self._mtmd.mtmd_context_params_default()
        params.use_gpu, params.print_timings, params.warmup = False, False, False
        params.n_threads, params.image_max_tokens = threads, _MOST_OF_PICTURE
        params.flash_attn_type = self._llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        name = str(projector).encode()
        eyes = self._mtmd.mtmd_init_from_file(name, self.words.model, params)
        if not eyes or not self._mtmd.mtmd_support_vision(eyes):
            raise ModelUnusable(
                f"{projector.name} does not fit {self.path.name}, or it is damaged: a model that "
                f"sees needs the mmproj file that was made for it.{runtime.reasons()}"
            )
        return eyes

    @contextmanager
    def _pieces(self, picture: "Image", question: str, limit: int) -> Iterator[Any]:
        """Text, then the tiles of the picture, then text: as the model reads them."""
        mtmd, pixels = self._mtmd, picture.convert("RGB")
        raw = (ctypes.c_uint8 * (3 * pixels.width * pixels.height)).from_buffer_copy(
            pixels.tobytes()
        )
        bitmap = mtmd.mtmd_bitmap_init(pixels.width, pixels.height, raw)
        pieces = mtmd.mtmd_input_chunks_init()
        try:
            self._cut(pieces, bitmap, self._prompt(question))
            if (tokens := mtmd.mtmd_helper_get_n_tokens(pieces)) + limit > self.context_size:
                raise ContextOverflow(
                    f"The picture and the question take {tokens} tokens, and {self.path.name} "
                    f"has {self.context_size}. Ask something shorter, or give a smaller picture."
                )
            yield pieces
        finally:
            mtmd.mtmd_input_chunks_free(pieces)
            mtmd.mtmd_bitmap_free(bitmap)

    def _cut(self, pieces: Any, bitmap: Any, prompt: str) -> None:
        text, raw = self._mtmd.mtmd_input_text(), prompt.encode("utf-8", "replace")
        text.text, text.text_len = raw, len(raw)
        text.add_special, text.parse_special = not self._begun(prompt), True
        bitmaps = (self._mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap)
        code = self._mtmd.mtmd_tokenize(self._eyes, pieces, ctypes.byref(text), bitmaps, 1)
        if code or not all(map(self._known, self._each(pieces))):
            raise ModelUnusable(
                f"{self.path.name} could not take the picture: the mmproj file was made for "
                f"another model, or the picture is damaged.{runtime.reasons()}"
            )

    def _each(self, pieces: Any) -> list[Any]:
        count = self._mtmd.mtmd_input_chunks_size(pieces)
        return [self._mtmd.mtmd_input_chunks_get(pieces, at) for at in range(count)]

    def _known(self, piece: Any) -> bool:
        """Are all of its tokens in the vocabulary? llama.cpp ends the process at one that is not
        (0.3.36), such as a mark around a picture that only another model knows."""
        count = ctypes.c_size_t()
        tokens = self._mtmd.mtmd_input_chunk_get_tokens_text(piece, ctypes.byref(count))
        return all(tokens[at] >= 0 for at in range(count.value)) if tokens else True

    def _prompt(self, question: str) -> str:
        """The prompt by the model's template, which takes a message whole or in parts."""
        picture = self._mtmd.mtmd_default_marker().decode()
        question = self.words.plain(question.replace(picture, ""))
        parts = [{"type": "text", "text": picture}, {"type": "text", "text": question}]
        for content in (f"{picture}\n{question}", parts):
            with suppress(Exception):  # a template is a program of the file's author
                text = self.words.fill([{"role": "user", "content": content}])
                if text.count(picture) == 1 and question in text:
                    return text
        return _PLAIN.format(picture=picture, question=question)

    def _begun(self, prompt: str) -> bool:
        return bool(self.words.start) and prompt.startswith(self.words.start)

    def _read(self, pieces: Any, cancel: threading.Event) -> bool:
        """Read piece by piece; False when stopped on the way."""
        self._keep(0)
        past = self._llama.llama_pos(0)
        each = self._each(pieces)
        for piece in each:
            code = cancel.is_set() or self._mtmd.mtmd_helper_eval_chunk_single(
                self._eyes, self._context, piece, past.value, 0, runtime.BATCH, piece is each[-1],
                ctypes.byref(past),
            )  # fmt: skip
            if cancel.is_set():
                return False
            if code:
                raise ModelUnusable(
                    f"llama.cpp failed on {self.path} (code {code}).{runtime.reasons()}"
                )
        return True
