"""An image classifier names what it recognises on a picture, and gives the numbers by which two
pictures are alike. The only place that imports timm.
"""

import functools
import hashlib
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelUnusable
from ingest.platform.process import require, wait_calmly

if TYPE_CHECKING:
    from PIL.Image import Image

    from vectorstore.store import Vectors


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
