"""Vision models of transformers from a local folder.

It uses no network, and runs no program that a model brings.
"""

import functools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelUnusable
from assistant.images.vision.model_kinds import Kind
from assistant.llm.prompts import DESCRIBE
from ingest.platform.extras import require
from ingest.platform.openmp import wait_calmly

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST = 100  # tokens that are written
_LONGEST = 1024  # pixels of a side: a model that cuts pictures into tiles would take minutes
_CAPTION = "<DETAILED_CAPTION>"  # Florence-2's words for what it is to do
Inputs = Mapping[str, Any]
Cancel = threading.Event | None


def load(folder: Path, kind: Kind) -> "Local":
    """Raises ModelUnusable for a folder that is damaged or incomplete."""
    made = {"blip": Blip, "blip-questions": BlipQuestions, "florence": Florence,
            "encoder-decoder": EncoderDecoder, "chat": Conversing}[kind]  # fmt: skip
    with _sentence(folder):
        return made(folder)


@functools.cache
def _transformers() -> Any:
    """The silenced module: its bars would disturb the output."""
    require("images", "transformers", "torch", to="describe pictures", error=ModelUnusable)
    wait_calmly()
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


@functools.cache
def conversing_types() -> frozenset[str]:
    """Values of model_type whose models take a picture and words and give words."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as NAMES,
    )

    return frozenset(NAMES)


class Local:
    """One loaded model. Not for two threads at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._library = _transformers()
        self._model = self._loaded().eval()

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        raise NotImplementedError

    def answer(self, picture: "Image", question: str, cancel: Cancel = None) -> str:
        """Nothing from one that only describes."""
        return ""

    def _loaded(self) -> Any:
        raise NotImplementedError

    def _from(self, made_by: Any, **more: Any) -> Any:
        return made_by.from_pretrained(
            self.folder, local_files_only=True, trust_remote_code=False, **more
        )

    def _write(self, inputs: Inputs, cancel: Cancel) -> Any:
        """Generate greedily, so that the same picture gives the same words."""
        import torch

        def stopped(tokens: Any, _scores: Any, **_: Any) -> Any:
            return torch.full((len(tokens),), cancel is not None and cancel.is_set())

        with torch.inference_mode(), _sentence(self.folder):
            return self._model.generate(
                **inputs, max_new_tokens=_MOST, do_sample=False, stopping_criteria=[stopped]
            )


class Blip(Local):
    """BLIP that describes."""

    def _loaded(self) -> Any:
        self._reader = self._from(self._library.AutoProcessor)
        return self._from(self._library.BlipForConditionalGeneration)

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        inputs = self._reader(images=picture, return_tensors="pt")
        return self._words(self._write(inputs, cancel))

    def _words(self, tokens: Any) -> str:
        return str(self._reader.decode(tokens[0], skip_special_tokens=True)).strip()


class BlipQuestions(Blip):
    """BLIP that answers questions, in one or two words."""

    def _loaded(self) -> Any:
        self._reader = self._from(self._library.AutoProcessor)
        return self._from(self._library.BlipForQuestionAnswering)

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        return self.answer(picture, "what is in the picture?", cancel)

    def answer(self, picture: "Image", question: str, cancel: Cancel = None) -> str:
        inputs = self._reader(images=picture, text=question.lower(), return_tensors="pt")
        return self._words(self._write(inputs, cancel))


class Florence(Local):
    """Florence-2: told by a word in brackets what it is to do. It answers no questions."""

    def _loaded(self) -> Any:
        self._reader = self._from(self._library.AutoProcessor)
        return self._from(self._library.Florence2ForConditionalGeneration)

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        inputs = self._reader(text=_CAPTION, images=picture, return_tensors="pt")
        # Without its own post-processing, which knows no captions (transformers 5.24).
        return self._words(self._write(inputs, cancel))

    def _words(self, tokens: Any) -> str:
        return str(self._reader.decode(tokens[0], skip_special_tokens=True)).strip()


class EncoderDecoder(Local):
    """An encoder of pictures and a decoder of words, such as vit-gpt2."""

    def _loaded(self) -> Any:
        self._pixels = self._from(self._library.AutoImageProcessor)
        self._tokens = self._from(self._library.AutoTokenizer)
        return self._from(self._library.VisionEncoderDecoderModel)

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        inputs = self._pixels(images=picture, return_tensors="pt")
        written = self._write({"pixel_values": inputs["pixel_values"]}, cancel)
        return str(self._tokens.decode(written[0], skip_special_tokens=True)).strip()


class Conversing(Local):
    """A chat model that sees, by the template in its folder: SmolVLM, Qwen-VL and others."""

    def _loaded(self) -> Any:
        self._reader = self._from(self._library.AutoProcessor)
        return self._from(self._library.AutoModelForImageTextToText, dtype="auto")

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        return self.answer(picture, DESCRIBE, cancel)

    def answer(self, picture: "Image", question: str, cancel: Cancel = None) -> str:
        picture = picture.copy()
        picture.thumbnail((_LONGEST, _LONGEST))
        parts = [{"type": "image", "image": picture}, {"type": "text", "text": question}]
        inputs = self._reader.apply_chat_template(
            [{"role": "user", "content": parts}],
            add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
        )  # fmt: skip
        written = self._write(inputs, cancel)[0][inputs["input_ids"].shape[1] :]
        return str(self._reader.decode(written, skip_special_tokens=True)).strip()


@contextmanager
def _sentence(folder: Path) -> Iterator[None]:
    """What transformers raises for a folder that lacks something, as one of our errors."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        first = str(error).strip().split("\n")[0][:200]
        raise ModelUnusable(
            f"The vision model in {folder} cannot be used: {first}. Fetch it again, or choose "
            "another with `pincite models use vision`."
        ) from error
