"""What would make answers quicker on this machine, in a sentence."""

from assistant.llm.llama.devices import Placement
from assistant.settings import Gpu
from ingest.platform import graphics

_SMALLER = "A smaller chat model would fit: pincite models list"


def quicker(place: Placement, gpu: Gpu, devices: bool) -> str:
    """Empty where nothing is known. `devices`: llama.cpp has found graphics devices."""
    if 0 < place.layers < place.of:
        return f"Its memory does not hold the whole model. {_SMALLER}"
    if place.layers:
        return ""
    if devices:
        off = "A graphics device is not used: PINCITE_GPU=auto"
        return off if gpu in ("off", 0) else f"The graphics device has no room. {_SMALLER}"
    return _build(graphics.cards())


def _build(cards: frozenset[str]) -> str:
    """How llama.cpp gets to know the cards that are there."""
    if "Apple" in cards:
        return "Build llama.cpp anew, this one lacks Metal: make setup COMPILE=1"
    if not cards:
        return ""
    tools = graphics.TOOLS["cuda" if "NVIDIA" in cards else "vulkan"]
    first = "" if graphics.builds() else f"Install {tools}, then: "
    makers = " and ".join(sorted(cards))
    return f"llama.cpp was built without support for the {makers} card. {first}make setup COMPILE=1"
