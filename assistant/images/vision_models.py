"""Vision models of transformers from a local folder.

It uses no network, and runs no program that a model brings.
"""

import functools
import hashlib
import json
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assistant.errors import ModelUnusable
from assistant.llm.prompts import DESCRIBE
from ingest.platform.process import require, wait_calmly

if TYPE_CHECKING:
    from PIL.Image import Image

    from vectorstore.store import Vectors


# -- An image classifier names what it recognises on a picture, and gives the numbers by which two
# pictures are alike: the only place that imports timm.

# Below these nothing is said. Of 73 figures of documents (drawings, charts, old photographs) the
# likeliest tag is right on 5 of the 35 where it has a probability of .25. With enough colours,
# something is said of 9 of these 73 and 31 pictures of sample sets, and none of it is far off.
LEAST = 0.25  # probability
COLOURS = 5.0  # bits: entropy of the 4,096 colours of a small copy; a drawing has 3 at most
_SMALL = 96  # pixels of its sides
_MOST_TAGS = 5  # tags
_DAMAGE = (OSError, ValueError, RuntimeError, KeyError, TypeError, EOFError)
_loading = threading.Lock()  # a cache does not keep two threads from loading a model twice
# Weights that ride alone, without a config.json, and the architecture that they are of.
_ALONE = {"efficientnet-lite0-57934424.pth": "tf_efficientnet_lite0"}


@dataclass(frozen=True)
class Tag:
    """A probable thing on the picture."""

    words: str
    probability: float


@dataclass(frozen=True)
class Tagging:
    """The chosen classifier: a folder of timm, or the one weights file of the catalogue. Loads it
    when it is first used; any thread may."""

    path: Path

    @property
    def identity(self) -> str:
        """Features of another identity cannot be compared. Raises ModelUnusable."""
        return self._classifier().identity

    def tags(self, picture: "Image") -> tuple[Tag, ...]:
        """The likely tags, the likeliest first. Raises ModelUnusable."""
        return self.look(picture)[1]

    def look(self, picture: "Image") -> "tuple[Vectors, tuple[Tag, ...]]":
        """A vector of length 1, by which pictures are compared, and the tags."""
        return self._classifier().look(picture)

    def _classifier(self) -> "_Classifier":
        with _loading:
            return _loaded_tagger(self.path)

    def features(self, picture: "Image") -> "tuple[Vectors, str]":
        """A `vectorstore.images.PictureModel`'s: the vector, and the tags as words."""
        vector, tags = self.look(picture)
        return vector, ", ".join(tag.words for tag in tags)


class _Classifier:
    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._model, weights = _model(path)
        self._prepare, self._names = _preparing(self._model), _names(self._model)
        with weights.open("rb") as file:
            self.identity = f"{path.name}:{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"

    def look(self, picture: "Image") -> "tuple[Vectors, tuple[Tag, ...]]":
        wait_calmly()
        import torch

        with self._lock, torch.inference_mode():
            inner = self._model.forward_features(self._prepare(picture.convert("RGB"))[None])
            pooled = self._model.forward_head(inner, pre_logits=True)
            odds = self._model.get_classifier()(pooled).softmax(1)[0]
            vector = torch.nn.functional.normalize(pooled, dim=1)[0].numpy()
        likely = sorted(zip(odds.tolist(), self._names, strict=True), reverse=True)[:_MOST_TAGS]
        said = likely if colours(picture) >= COLOURS else []
        return vector, tuple(Tag(name, round(p, 3)) for p, name in said if p >= LEAST)


def colours(picture: "Image") -> float:
    """The entropy of a picture's colours in bits: photographs, its training data, have many."""
    import numpy as np

    small = np.asarray(picture.convert("RGB").resize((_SMALL, _SMALL))).astype(int) // 16
    counts = np.bincount((small @ (256, 16, 1)).ravel())
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


@functools.lru_cache(maxsize=1)
def _loaded_tagger(path: Path) -> _Classifier:
    try:
        return _Classifier(path)
    except (*_DAMAGE, pickle.UnpicklingError) as error:
        first = str(error).strip().split("\n")[0][:200]
        raise ModelUnusable(
            f"The model for tags in {path} cannot be used: {first}. Fetch it again with "
            "`pincite models pull efficientnet-lite0`."
        ) from error


def _model(path: Path) -> tuple[Any, Path]:
    """The model and the file that its weights are in."""
    require("images", "timm", "torch", to="name what is on pictures", error=ModelUnusable)
    import timm

    if path.is_dir():
        made = timm.create_model(f"local-dir:{path}", pretrained=True)
        return made.eval(), next(iter(sorted(path.glob("*.safetensors")) or path.glob("*.bin")))
    if path.name not in _ALONE:
        raise ValueError(f"it is not known what kind of model {path.name} is")
    made = timm.create_model(_ALONE[path.name], pretrained=False)
    made.load_state_dict(_in_order(path, made))
    return made.eval(), path


def _in_order(path: Path, made: Any) -> dict[str, Any]:
    """The weights under timm's names: the file has others, in the same order."""
    import torch

    weights = torch.load(path, map_location="cpu", weights_only=True)
    return dict(zip(made.state_dict(), weights.values(), strict=True))


def _preparing(model: Any) -> Callable[["Image"], Any]:
    from timm.data import create_transform, resolve_data_config

    made: Callable[[Image], Any] = create_transform(**resolve_data_config({}, model=model))
    return made


def _names(model: Any) -> list[str]:
    """One for each class, the first of its synonyms."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    config = model.pretrained_cfg
    given = config.get("label_descriptions") or {}
    if names := config.get("label_names"):
        return [str(given.get(name, name)).split(",")[0] for name in names]
    info = ImageNetInfo(infer_imagenet_subset(model) or "imagenet-1k")
    return [info.index_to_description(at).split(",")[0] for at in range(model.num_classes)]


# -- Detects the kind of a vision model's folder by its config.json or its files alone

Kind = Literal["blip", "blip-questions", "florence", "encoder-decoder", "chat", "gguf"]

_BY_CLASS: dict[str, Kind] = {  # of transformers, as config.json names it
    "BlipForConditionalGeneration": "blip",
    "BlipForQuestionAnswering": "blip-questions",
    "Florence2ForConditionalGeneration": "florence",
    "VisionEncoderDecoderModel": "encoder-decoder",
}
_BY_TYPE: dict[str, Kind] = {
    "blip": "blip", "florence2": "florence", "vision-encoder-decoder": "encoder-decoder",
}  # fmt: skip


def kind_of(folder: Path) -> Kind:
    """Raises ModelUnusable, which says what the folder is instead, or which extra is needed."""
    if any(folder.glob("*mmproj*.gguf")):
        return "gguf"
    config = _config(folder)
    classes, named = config.get("architectures") or [], str(config.get("model_type", ""))
    if "auto_map" in config:  # such a program could do anything here
        raise ModelUnusable(
            f"The model in {folder} brings a program of its own, which is not run. Take a copy "
            "in the form that transformers knows itself (for Florence-2: florence-community)."
        )
    known = [_BY_CLASS[name] for name in classes if name in _BY_CLASS]
    if kind := next(iter(known), _BY_TYPE.get(named)):
        return kind
    if _converses(named):
        return "chat"
    raise ModelUnusable(
        f"The model in {folder} ({named or 'of no known type'}) does not describe pictures. Take "
        "one of BLIP, Florence-2, SmolVLM, Qwen-VL or an image-to-text model of transformers."
    )


def gguf_pair(folder: Path) -> tuple[Path, Path]:
    """The model and its projector. Raises ModelUnusable unless there is one of each."""
    projectors = sorted(folder.glob("*mmproj*.gguf"))
    models = sorted(path for path in folder.glob("*.gguf") if path not in projectors)
    if len(projectors) != 1 or len(models) != 1:
        raise ModelUnusable(
            f"{folder} has to hold one GGUF model and its mmproj file, and nothing else of the "
            f"kind; it holds {len(models)} and {len(projectors)}."
        )
    return models[0], projectors[0]


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelUnusable(
            f"{folder} is no model that describes pictures: its config.json cannot be read "
            f"({error.strerror})."
        ) from error
    except ValueError as error:
        raise ModelUnusable(f"{path} is damaged: {error}. Fetch the model again.") from error
    return config if isinstance(config, dict) else {}


def _converses(model_type: str) -> bool:
    require("images", "transformers", to="describe pictures", error=ModelUnusable)

    return model_type in conversing_types()


_WRITTEN_TOKENS = 100  # tokens that are written
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
        """The answer to a question; empty from a model that only describes."""
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
                **inputs,
                max_new_tokens=_WRITTEN_TOKENS,
                do_sample=False,
                stopping_criteria=[stopped],
            )


class Blip(Local):
    """A BLIP model that describes pictures."""

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


class Florence(Blip):
    """Florence-2: a word in brackets says what it is to do. It answers no questions."""

    def _loaded(self) -> Any:
        self._reader = self._from(self._library.AutoProcessor)
        return self._from(self._library.Florence2ForConditionalGeneration)

    def describe(self, picture: "Image", cancel: Cancel = None) -> str:
        inputs = self._reader(text=_CAPTION, images=picture, return_tensors="pt")
        # Without its own post-processing, which knows no captions (transformers 5.24).
        return self._words(self._write(inputs, cancel))


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
