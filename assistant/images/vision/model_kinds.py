"""Detects the kind of a vision model's folder by its config.json or its files alone."""

import json
from pathlib import Path
from typing import Any, Literal

from assistant.errors import ModelUnusable
from ingest.platform.extras import require

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
    from assistant.images.vision.transformers_models import conversing_types

    return model_type in conversing_types()
