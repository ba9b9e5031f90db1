"""Where the layers of a model go: the graphics devices that llama.cpp has here, and what fits them.

Knows how much memory a model wants before it is loaded; `LlamaEngine` tries what is offered here,
the most layers first.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.llm.llama import runtime
from assistant.settings import Gpu

_GRAPHICS = (1, 2)  # GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU
_SHARE = 0.9  # of a device's free memory: the screen and other programs want some
_WORKSPACE = 400 << 20  # bytes: buffers of a computation, 250 to 350 MB for models of 1 to 4 B
_STEPS = (1.0, 0.75, 0.5, 0.25)  # of the layers, when a device has less memory than it said
_HALF = 2  # bytes of a number in the cache of keys and values, which has two of each


@dataclass(frozen=True)
class Device:
    """A graphics device that llama.cpp can compute on."""

    name: str  # by llama.cpp, such as Vulkan0
    description: str  # of its maker
    free: int  # bytes


@dataclass(frozen=True)
class Size:
    """What a model wants of memory, in bytes."""

    layers: int  # with the one that makes words
    weights: int
    cache: int  # of keys and values, for the whole context


@dataclass(frozen=True)
class Placement:
    """Where a model is, or is to be put."""

    layers: int = 0  # on the device; the rest is on the processor
    of: int = 0
    device: str = ""

    def __str__(self) -> str:
        if not self.layers:
            return "the processor"
        if self.layers >= self.of:
            return self.device
        return f"{self.device} ({self.layers} of {self.of} layers) and the processor"


PROCESSOR = Placement()


def graphics() -> list[Device]:
    """None where llama.cpp was built without a graphics back end, or finds no device for it. Raises
    ModelRuntimeMissing."""
    llama = runtime.runtime()
    if not llama.llama_supports_gpu_offload():
        return []
    ggml = _Ggml(llama)
    every = map(ggml.device, range(ggml.count()))
    return [ggml.about(one) for one in every if ggml.kind(one) in _GRAPHICS]


def placements(llama: Any, path: Path, context: int, gpu: Gpu) -> Iterator[Placement]:
    """What to try, in this order. The last is always the processor alone."""
    found = graphics() if gpu not in ("off", 0) else []
    if found:
        size = size_of(llama, path, context)
        free = sum(device.free for device in found)
        most = fitting(size, free) if gpu == "auto" else min(int(gpu), size.layers)
        label = " and ".join(device.description for device in found)
        counts = dict.fromkeys(int(most * step) for step in _STEPS)
        yield from (Placement(count, size.layers, label) for count in counts if count)
    yield PROCESSOR


def fitting(size: Size, free: int) -> int:
    """How many of the layers fit into so many free bytes."""
    room = free * _SHARE - _WORKSPACE
    wanted = size.weights + size.cache
    return size.layers if wanted <= room else max(0, int(size.layers * room / wanted))


def size_of(llama: Any, path: Path, context: int) -> Size:
    """By what the model's file says of itself. Raises ModelUnusable."""
    model = runtime.load_model(llama, path, words_only=True)
    try:
        about = _About(llama, model)
        layers, heads = about.number("block_count"), about.number("attention.head_count")
        head = about.number("attention.key_length") or about.number("embedding_length") // (
            heads or 1
        )
        keys = about.number("attention.head_count_kv") or heads
    finally:
        llama.llama_model_free(model)
    cache = 2 * _HALF * layers * keys * head * context
    return Size(layers + 1, path.stat().st_size, cache)


class _About:
    """Numbers that a GGUF file has about its architecture; 0 where it does not say."""

    def __init__(self, llama: Any, model: Any) -> None:
        self._llama, self._model = llama, model
        self._kind = runtime.metadata(llama, model, "general.architecture")

    def number(self, name: str) -> int:
        said = runtime.metadata(self._llama, self._model, f"{self._kind}.{name}")
        return int(said) if said.isdigit() else 0


class _Ggml:
    """ggml's list of devices, for which llama-cpp-python has no functions (0.3.36)."""

    def __init__(self, llama: Any) -> None:
        self._libraries = runtime.libraries(llama)
        self.count = self._function("ggml_backend_dev_count", ctypes.c_size_t)
        self.device = self._function("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
        self.kind = self._function("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)

    def about(self, device: int) -> Device:
        texts = [
            self._function(f"ggml_backend_dev_{what}", ctypes.c_char_p, ctypes.c_void_p)(device)
            for what in ("name", "description")
        ]
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        pointer = ctypes.POINTER(ctypes.c_size_t)
        memory = self._function("ggml_backend_dev_memory", None, ctypes.c_void_p, pointer, pointer)
        memory(device, ctypes.byref(free), ctypes.byref(total))
        name, description = (text.decode("utf-8", "replace").strip() for text in texts)
        return Device(name, description or name, free.value)

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        # Where it is exported differs by system: Windows does not look through dependencies.
        library = next(one for one in self._libraries if hasattr(one, name))
        # A function of its own, so that types set by llama_cpp for the same name stay.
        return ctypes.CFUNCTYPE(result, *arguments)((name, library))
