"""A GGUF vision model: answers questions about a picture with llama.cpp's own mtmd library.

llama-cpp-python's chat handlers are not used: they fail on templates that take a message as one
text (ChatML, 0.3.36), and nothing ends them in the midst of a picture.
"""

import codecs
import ctypes
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ContextOverflow, ModelUnusable
from assistant.llm.llama import runtime
from assistant.llm.llama.engine import LlamaEngine, Sampling

if TYPE_CHECKING:
    from PIL.Image import Image

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
        self._eyes = self._opened(projector, threads or runtime.physical_cores())
        # It refers to the weights, so it has to go before them.
        weakref.finalize(self, self._mtmd.mtmd_free, self._eyes).atexit = False

    def ask(
        self, picture: "Image", question: str, limit: int, cancel: threading.Event | None = None
    ) -> str:
        """The answer; the text so far when cancelled. Raises ContextOverflow."""
        with self._running(cancel) as ready, self._pieces(picture, question, limit) as pieces:
            past = self._read(pieces, cancel) if ready else None
            return "" if past is None else self._written(past, limit, cancel)

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

    def _read(self, pieces: Any, cancel: threading.Event | None) -> int | None:
        """Read piece by piece. Returns the position after them; None when stopped on the way."""
        self._keep(0)
        past, after = 0, self._llama.llama_pos(0)
        each = self._each(pieces)
        for piece in each:
            if cancel is not None and cancel.is_set():
                return None
            code = self._mtmd.mtmd_helper_eval_chunk_single(
                self._eyes, self._context, piece, past, 0, runtime.BATCH, piece is each[-1],
                ctypes.byref(after),
            )  # fmt: skip
            if code and cancel is not None and cancel.is_set():
                return None
            if code:
                raise ModelUnusable(
                    f"llama.cpp failed on {self.path} (code {code}).{runtime.reasons()}"
                )
            past = after.value
        return past

    def _written(self, past: int, limit: int, cancel: threading.Event | None) -> str:
        """Words from the odds that are there; positions are told, since a picture may take fewer
        of them than tokens (Qwen-VL)."""
        decoder, text = codecs.getincrementaldecoder("utf-8")("replace"), ""
        batch = self._llama.llama_batch_init(1, 0, 1)
        try:
            with self._sampler(Sampling()) as pick:
                for position in range(past, past + limit):
                    token = pick()
                    if self.words.ends(token) or (cancel is not None and cancel.is_set()):
                        break
                    text += decoder.decode(self.words.piece(token))
                    if not self._one(batch, token, position):
                        break
        finally:
            self._llama.llama_batch_free(batch)
            self._keep(0)
        return text.strip()

    def _one(self, batch: Any, token: int, position: int) -> bool:
        batch.n_tokens, batch.token[0], batch.pos[0] = 1, token, position
        batch.n_seq_id[0], batch.seq_id[0][0], batch.logits[0] = 1, 0, 1
        return bool(self._llama.llama_decode(self._context, batch) == 0)
