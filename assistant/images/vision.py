"""Vision models: they describe pictures, answer questions about them, and tag them. The only place
that imports timm.
"""

import functools
import hashlib
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from assistant.contract.facts import Offer
from assistant.errors import ModelUnusable
from assistant.i18n.translation import _
from assistant.llm.prompts import DESCRIBE
from assistant.models.catalogue import Model, fit, this_machine
from ingest.document.model import Document, Line, Page
from ingest.document.source import Engines, readable
from ingest.errors import Stopped, UnreadableFile
from ingest.images import image_file
from ingest.images.stills import stills
from ingest.platform.process import require, wait_calmly
from ingest.sandbox.pool import Sandbox

if TYPE_CHECKING:
    from PIL.Image import Image

    from assistant.llm.llama.engine import SeeingEngine
    from vectorstore.store import Vectors


# -- The chosen vision model as one value: it travels to the processes that read files, and loads
# its model when it is first used.

_DESCRIPTION_TOKENS = 120  # tokens of what is written
_LOOK_AGAIN = 0.1  # seconds between two checks whether it was stopped
_loading = threading.Lock()  # a cache does not keep two threads from loading a model twice


@dataclass(frozen=True)
class Describer:
    """Describes pictures (it is a `Captioner`), and answers questions about them, by the model of a
    folder: a GGUF file with its mmproj file, which llama.cpp runs."""

    folder: Path
    threads: int = 0  # of llama.cpp; 0: one for each core

    def describe(self, picture: "Image", cancel: threading.Event | None = None) -> str:
        """One or two sentences. Raises as `answer`."""
        return self.answer(picture, DESCRIBE, cancel)

    def answer(self, picture: "Image", question: str, cancel: threading.Event | None = None) -> str:
        """A short answer. Raises ModelUnusable, ModelRuntimeMissing or ContextOverflow, and Stopped
        when cancelled."""
        with _loading:
            engine = _loaded(self)
        said = engine.ask(picture, question, _DESCRIPTION_TOKENS, cancel)
        if cancel is not None and cancel.is_set():
            raise Stopped("Stopped while looking at the picture.")
        return said


@functools.lru_cache(maxsize=1)
def _loaded(what: Describer) -> "SeeingEngine":
    """The loaded model; another one replaces it in memory."""
    from assistant.llm.llama.engine import SeeingEngine

    return SeeingEngine(*gguf_pair(what.folder), what.threads or None)


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


# -- An image classifier names what it recognises on a picture, and gives the numbers by which two
# pictures are alike

# Below these nothing is said. Of 73 figures of documents (drawings, charts, old photographs) the
# likeliest tag is right on 5 of the 35 where it has a probability of .25. With enough colours,
# something is said of 9 of these 73 and 31 pictures of sample sets, and none of it is far off.
LEAST = 0.25  # probability
COLOURS = 5.0  # bits: entropy of the 4,096 colours of a small copy; a drawing has 3 at most
_SMALL = 96  # pixels of its sides
_MOST_TAGS = 5  # tags
_DAMAGE = (OSError, ValueError, RuntimeError, KeyError, TypeError, EOFError)
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
        return self._classifier().look(picture)[1]

    def features(self, picture: "Image") -> "tuple[Vectors, str]":
        """A `vectorstore.images.PictureModel`'s: a vector of length 1, by which pictures are
        compared, and the tags as words."""
        vector, tags = self._classifier().look(picture)
        return vector, ", ".join(tag.words for tag in tags)

    def _classifier(self) -> "_Classifier":
        with _loading:
            return _loaded_tagger(self.path)


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


# -- A picture that a person gives becomes all that is known of it: the text on it, recognised in a
# process of its own, and what a model says that it shows, else the things that are named on it.

Result = TypeVar("Result")

_MOST_PICTURES = 4  # pictures of one file that are described: of a fax of a hundred pages the first


@dataclass(frozen=True)
class Seen:
    """The facts about a picture file."""

    name: str
    pages: tuple[Page, ...]  # with the lines on them
    description: str = ""  # a model's words: never evidence
    tags: tuple[Tag, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for page in self.pages for line in page.lines)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def shows(self) -> str:
        """The description, else the tags as such, else nothing."""
        if self.description or not self.tags:
            return self.description
        named = ", ".join(f"{tag.words} ({tag.probability:.0%})" for tag in self.tags)
        return _("Tags, not a description: {tags}.", tags=named)


class Looking:
    """Reads pictures with the installed engines and models."""

    def __init__(
        self,
        engines: Callable[[], Engines],
        viewer: Callable[[], Describer | None],
        tagging: Callable[[], Tagging | None],
    ) -> None:
        """Each is looked up when a picture is read: a model may have been installed meanwhile."""
        self._engines = engines
        self.viewer = viewer
        self.tagging = tagging

    def read_text(self, path: Path, cancel: threading.Event | None = None) -> Seen:
        """The text alone. Raises UnreadableFile, or Stopped when cancelled."""
        return Seen(readable(path.name), tuple(self.read(path, cancel).pages))

    def read(self, path: Path, cancel: threading.Event | None = None) -> Document:
        """A picture or a video, in a process of its own, as all unknown files; descriptions are
        made in this one, where the model stays loaded. Raises as `read_text`."""
        if not path.is_file():  # of a conversation of before
            raise UnreadableFile(
                f"{readable(path.name)} is gone from {path.parent}: attach it again."
            )
        with Sandbox(engines=replace(self._engines(), captioner=None)) as sandbox:
            return unless(cancel, sandbox.start(path))[0]

    def stills(self, path: Path, folder: Path, cancel: threading.Event | None) -> list[float]:
        """The seconds of a video's scenes; their pictures are in `folder` then. Raises as
        `read_text`."""
        with Sandbox(engines=self._engines(), folder=folder) as sandbox:
            job = functools.partial(stills, folder=folder)
            return unless(cancel, sandbox.start_work(path, job, list[float]))

    def describe(self, seen: Seen, path: Path, cancel: threading.Event | None = None) -> Seen:
        """The facts with a description. Raises UnreadableFile, ModelUnusable or Stopped."""
        if viewer := self.viewer():
            said = [viewer.describe(picture, cancel) for picture in _pictures(path)]
            return replace(seen, description=" ".join(filter(None, said)))
        tagging = self.tagging()
        return replace(seen, tags=tagging.tags(first(path)) if tagging else ())

    def answer(self, path: Path, question: str, cancel: threading.Event | None = None) -> str:
        """A vision model's answer about the first picture; empty without a model that answers."""
        viewer = self.viewer()
        return viewer.answer(first(path), question, cancel) if viewer else ""


def unless(cancel: threading.Event | None, waiting: Callable[[], Result]) -> Result:
    """Wait for a result of another process or thread. Raises Stopped when cancelled meanwhile: who
    started it ends it then."""
    thread = ThreadPoolExecutor(1)
    done = thread.submit(waiting)
    thread.shutdown(wait=False)
    while cancel is None or not cancel.is_set():
        if wait([done], _LOOK_AGAIN).done:
            return done.result()
    raise Stopped("Stopped.")


def first(path: Path) -> "Image":
    """The first undamaged picture of a file. Raises UnreadableFile when there is none."""
    return next(_pictures(path))


def _pictures(path: Path) -> Iterator["Image"]:
    """Without damaged ones. Raises UnreadableFile when there is no other."""
    whole = [frame[0] for frame in islice(image_file.frames(path), _MOST_PICTURES) if frame]
    if not whole:
        raise UnreadableFile(f"{path.name} is a damaged picture.")
    return iter(whole)


# -- Offers models that describe pictures better


def offers(models: Sequence[Model], tagged: bool = False) -> tuple[Offer, ...]:
    """Describing models that fit this machine, then the tagger unless it is installed."""
    wanted = [model for model in models if model.role == "vision" and fits(model)]
    wanted += [model for model in models if model.role == "tags" and not tagged]
    return tuple(map(offer, wanted))


def chat_offers(models: Sequence[Model]) -> tuple[Offer, ...]:
    """The chat model that set-up fetches."""
    return tuple(offer(m) for m in models if m.role == "chat" and m.default)


def offer(model: Model) -> Offer:
    """A model as it is offered where one is missing."""
    return Offer(model.name, model.role, model.licence, model.weights, model.note)


def fits(model: Model) -> bool:
    """Whether this machine has enough memory for a model."""
    return fit(model, this_machine()) == "good"
