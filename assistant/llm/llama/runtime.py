"""Loads llama.cpp once, silences it, and opens models or explains errors in a sentence.

The only module that imports llama_cpp, whose llama.cpp was compiled for this machine. Where that is
not installed, the library of a ready wheel is called (`ready_library`).
"""

import ctypes
import functools
import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.errors import ModelRuntimeMissing, ModelUnusable
from assistant.llm.llama import ready_library
from assistant.settings import Gpu
from ingest.platform import hardware
from ingest.platform.process import needs, wait_calmly

BATCH = 512  # tokens of a prompt in one call; smaller ones stop no sooner and run slower
_LOG_ERROR = 4  # GGML_LOG_LEVEL_ERROR
_NO_DEVICES = (ctypes.c_void_p * 1)(None)  # a list that ends at once

_last_errors: deque[str] = deque(maxlen=3)
_kept: list[Any] = []  # C code keeps calling it; without a reference ctypes would free it


@functools.cache
def runtime() -> Any:
    """llama.cpp's functions under the names of llama_cpp, silent. Raises ModelRuntimeMissing when
    they cannot be had."""
    wait_calmly()
    try:
        llama = import_module("llama_cpp") if find_spec("llama_cpp") else ready_library.load()
    except (ImportError, OSError, RuntimeError) as error:
        raise _missing(error) from error
    _hear_log(llama)
    llama.llama_backend_init()
    return llama


def which() -> str:
    """The package that `runtime` uses, with its version. Raises PackageNotFoundError for none."""
    names = ("llama-cpp-python", "xllamacpp") if find_spec("llama_cpp") else ("xllamacpp",)
    return f"{names[0]} {version(names[0])}"


def kernels() -> str:
    """The processor's instructions that llama.cpp was built with, and ways of computing, by its own
    names. Raises ModelRuntimeMissing."""
    said = runtime().llama_print_system_info().decode("utf-8", "replace")
    return ", ".join(re.findall(r"\b(\w++) = 1\b", said))


def libraries(llama: Any) -> list[Any]:
    """The shared libraries that have ggml's functions."""
    if hasattr(llama, "library"):
        return [llama.library]
    folder = Path(llama.__file__).parent / "lib"
    load = llama._ctypes_extensions.load_shared_library
    return [load(name, folder) for name in ("ggml", "ggml-base")]


def schema_sampler(llama: Any, vocabulary: Any, schema: str) -> Any:
    """What lets through only the tokens of JSON that fits the schema; null where it cannot."""
    if hasattr(llama, "library"):
        make = llama._Z22llama_sampler_init_llgPK11llama_vocabPKcS3_
        return make(vocabulary, b"json", schema.encode())
    rules = llama.llama_grammar.json_schema_to_gbnf(schema).encode()
    return llama.llama_sampler_init_grammar(vocabulary, rules, b"root")


@functools.cache
def mtmd() -> Any:
    """llama.cpp's library for pictures, silent. Raises ModelRuntimeMissing when it is not there."""
    found = runtime()
    if not hasattr(found, "library"):
        try:
            from llama_cpp import mtmd_cpp
        except (ImportError, OSError, RuntimeError) as error:
            raise _missing(error) from error
        found = mtmd_cpp
    for set_log in (found.mtmd_log_set, found.mtmd_helper_log_set):
        set_log(_kept[-1], ctypes.c_void_p(0))
    return found


def _missing(error: Exception) -> ModelRuntimeMissing:
    if isinstance(error, ModuleNotFoundError) and error.name == "xllamacpp":
        return ModelRuntimeMissing(needs("compiled", "use a chat model"))
    return ModelRuntimeMissing(
        f"llama.cpp is installed but does not load ({error}). 'pincite doctor' says what to do."
    )


def _hear_log(llama: Any) -> None:
    def hear(level: int, text: bytes, _data: object) -> None:
        if level == _LOG_ERROR and (line := text.decode("utf-8", "replace").strip()):
            _last_errors.append(line)

    callback = llama.llama_log_callback(hear)
    _kept.append(callback)
    llama.llama_log_set(callback, ctypes.c_void_p(0))


def reasons() -> str:
    """The last complaints of llama.cpp, for appending to a sentence."""
    return f" llama.cpp says: {' '.join(_last_errors)}" if _last_errors else ""


def refuse_other_files(path: Path) -> None:
    """Raises ModelUnusable unless `path` is a readable GGUF file."""
    if not path.is_file():
        raise ModelUnusable(
            f"There is no model file at {path}. Fetch one with 'pincite models pull'."
        )
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read: {error.strerror}.") from error
    if start != b"GGUF":
        raise ModelUnusable(
            f"{path} is not a GGUF model file. Choose another file, or fetch a model with "
            "'pincite models pull'."
        )


def load_model(llama: Any, path: Path, layers: int = 0, *, words_only: bool = False) -> Any:
    """The weights in memory, so many layers of them on graphics devices; with `words_only` the
    vocabulary alone. Raises ModelUnusable with llama.cpp's own last words."""
    params = llama.llama_model_default_params()
    params.vocab_only = words_only
    # Weights are repacked for the processor when loaded, so a mapped file is held twice:
    # the 1.5B peaks at 2.1 GB mapped and 1.3 GB read.
    params.load_mode = llama.LLAMA_LOAD_MODE_NONE
    params.n_gpu_layers = layers
    if not layers:  # not even for the product of large matrices, as is the default
        params.devices = ctypes.cast(_NO_DEVICES, ctypes.c_void_p)
    _last_errors.clear()
    model = llama.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise ModelUnusable(
            f"{path} could not be loaded: it is damaged, incomplete or of a kind this version "
            f"of llama.cpp does not know. Fetch it again or choose another model.{reasons()}"
        )
    return model


def open_context(
    llama: Any, model: Any, path: Path, size: int, threads: int, graphics: bool = False
) -> Any:
    """Room for `size` tokens; `graphics`: layers are on a graphics device. Raises ModelUnusable
    when there is no memory for it."""
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = size, BATCH, BATCH
    params.n_outputs_max = 1  # scores of the last token only: a smaller buffer
    params.n_threads = params.n_threads_batch = threads
    params.offload_kqv = params.op_offload = graphics
    params.no_perf = False
    _last_errors.clear()
    context = llama.llama_init_from_model(model, params)
    if not context:
        raise ModelUnusable(
            f"{path} was loaded, but there is not enough memory for a context of {size} tokens. "
            f"Choose a smaller context or model.{reasons()}"
        )
    return context


def metadata(llama: Any, model: Any, key: str) -> str:
    """A text that the model's file carries; empty when it does not."""
    read = llama.llama_model_meta_val_str
    size = 1 + max(0, read(model, key.encode(), ctypes.create_string_buffer(1), 1))
    buffer = ctypes.create_string_buffer(size)
    read(model, key.encode(), buffer, size)
    return buffer.value.decode("utf-8", "replace")


# -- Where the layers of a model go: the graphics devices that llama.cpp has here, and what fits
# them by an estimate. `LlamaEngine` tries what is offered here, the most layers first.

_GRAPHICS = (1, 2)  # GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU
_SHARE = 0.9  # of a device's free memory: the screen and other programs want some
_WORKSPACE = 400 << 20  # bytes: buffers of a computation, 250 to 350 MB for models of 1 to 4 B
_WITH_CACHE = 1.2  # of the weights: what they take with the keys and values of 4,096 tokens
_STEPS = (1.0, 0.75, 0.5, 0.25)  # of the layers, when a device has less memory than was thought


@dataclass(frozen=True)
class Device:
    """A graphics device that llama.cpp can compute on."""

    name: str  # by llama.cpp, such as Vulkan0
    description: str  # of its maker
    free: int  # bytes


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
    llama = runtime()
    if not llama.llama_supports_gpu_offload():
        return []
    ggml = _Ggml(llama)
    every = map(ggml.device, range(ggml.count()))
    return [ggml.about(one) for one in every if ggml.kind(one) in _GRAPHICS]


def placements(llama: Any, path: Path, gpu: Gpu) -> Iterator[Placement]:
    """What to try, in this order. The last is always the processor alone. Raises ModelUnusable."""
    found = graphics() if gpu not in ("off", 0) else []
    if found:
        layers = layers_of(llama, path)
        free = sum(device.free for device in found)
        room = (free * _SHARE - _WORKSPACE) / (path.stat().st_size * _WITH_CACHE)
        most = layers * min(max(room, 0.0), 1.0) if gpu == "auto" else min(int(gpu), layers)
        label = " and ".join(device.description for device in found)
        counts = dict.fromkeys(int(most * step) for step in _STEPS)
        yield from (Placement(count, layers, label) for count in counts if count)
    yield PROCESSOR


def layers_of(llama: Any, path: Path) -> int:
    """As the model's file says, with the one that makes words. Raises ModelUnusable."""
    model = load_model(llama, path, words_only=True)
    try:
        kind = metadata(llama, model, "general.architecture")
        return 1 + int(metadata(llama, model, f"{kind}.block_count") or 0)
    finally:
        llama.llama_model_free(model)


class _Ggml:
    """ggml's list of devices, for which llama-cpp-python has no functions (0.3.36)."""

    def __init__(self, llama: Any) -> None:
        self._libraries = libraries(llama)
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


# -- What would make answers quicker on this machine, in a sentence

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
    return _build(hardware.graphics_cards())


def _build(cards: frozenset[str]) -> str:
    """How llama.cpp gets to know the cards that are there."""
    if "Apple" in cards:
        return "Build llama.cpp anew, this one lacks Metal: make setup COMPILE=1"
    if not cards:
        return ""
    tools = hardware.BUILD_TOOLS["cuda" if "NVIDIA" in cards else "vulkan"]
    first = "" if hardware.llama_builds() else f"Install {tools}, then: "
    makers = " and ".join(sorted(cards))
    return f"llama.cpp was built without support for the {makers} card. {first}make setup COMPILE=1"
