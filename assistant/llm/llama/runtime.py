"""Loads llama.cpp once, silences it, and opens models or explains errors in a sentence.

The only module that imports llama_cpp, whose llama.cpp was compiled for this machine. Where that is
not installed, the library of a ready wheel is called (`_ready_library`).
"""

import ctypes
import functools
import os
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from assistant.errors import ModelRuntimeMissing, ModelUnusable
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
        llama = import_module("llama_cpp") if find_spec("llama_cpp") else _ready_library()
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


# -- The library of the ready wheel of xllamacpp, under the names that llama-cpp-python gives to its
# functions. xllamacpp itself offers a server. Its extension module is llama.cpp linked as one
# library, whose C functions are exported on Linux and macOS; called directly they need no port, no
# key and no second process, and the engine, its prompts and its prefix cache are the same as with
# llama-cpp-python. Structures cross this border by value, so the declarations fit one version
# alone: they are those of its `llama.h` and `mtmd.h`.

READY_VERSION = "2026.10.11549"  # the one in pyproject.toml

_B, _I, _N, _P, _S = (
    ctypes.c_bool, ctypes.c_int32, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_char_p,
)  # fmt: skip
_U, _F, _TOKEN = ctypes.c_uint32, ctypes.c_float, ctypes.c_int32
_TOKENS = ctypes.POINTER(_TOKEN)
_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, _S, _P)
_ABORT = ctypes.CFUNCTYPE(_B, _P)


class _ModelParams(ctypes.Structure):
    _fields_ = (
        ("devices", _P), ("tensor_buft_overrides", _P), ("n_gpu_layers", _I),
        ("split_mode", ctypes.c_int), ("load_mode", ctypes.c_int), ("lazy_mode", ctypes.c_int),
        ("main_gpu", _I), ("tensor_split", _P), ("progress_callback", _P),
        ("progress_callback_user_data", _P), ("kv_overrides", _P), ("vocab_only", _B),
        ("check_tensors", _B), ("use_extra_bufts", _B), ("no_host", _B), ("no_alloc", _B),
        ("load_mtp", _B),
    )  # fmt: skip


class _ContextParams(ctypes.Structure):
    _fields_ = (
        ("n_ctx", _U), ("n_batch", _U), ("n_ubatch", _U), ("n_seq_max", _U), ("n_rs_seq", _U),
        ("n_outputs_max", _U), ("n_outputs_max_per_seq", _U), ("n_threads", _I),
        ("n_threads_batch", _I), ("ctx_type", ctypes.c_int), ("rope_scaling_type", ctypes.c_int),
        ("pooling_type", ctypes.c_int), ("attention_type", ctypes.c_int),
        ("flash_attn_type", ctypes.c_int), ("rope_freq_base", _F), ("rope_freq_scale", _F),
        ("yarn_ext_factor", _F), ("yarn_attn_factor", _F), ("yarn_beta_fast", _F),
        ("yarn_beta_slow", _F), ("yarn_orig_ctx", _U), ("defrag_thold", _F), ("cb_eval", _P),
        ("cb_eval_user_data", _P), ("type_k", ctypes.c_int), ("type_v", ctypes.c_int),
        ("moe_cache_size", _N), ("abort_callback", _P), ("abort_callback_data", _P),
        ("embeddings", _B), ("offload_kqv", _B), ("no_perf", _B), ("op_offload", _B),
        ("swa_full", _B), ("kv_unified", _B), ("samplers", _P), ("n_samplers", _N),
        ("ctx_other", _P),
    )  # fmt: skip


class _Batch(ctypes.Structure):
    _fields_ = (
        ("n_tokens", _I), ("token", _TOKENS), ("embd", ctypes.POINTER(_F)),
        ("pos", ctypes.POINTER(_I)), ("n_seq_id", ctypes.POINTER(_I)),
        ("seq_id", ctypes.POINTER(ctypes.POINTER(_I))), ("logits", ctypes.POINTER(ctypes.c_int8)),
    )  # fmt: skip


class _SamplerParams(ctypes.Structure):
    _fields_ = (("no_perf", _B),)


class _EyeParams(ctypes.Structure):
    _fields_ = (
        ("use_gpu", _B), ("device", _P), ("print_timings", _B), ("n_threads", ctypes.c_int),
        ("image_marker", _S), ("media_marker", _S), ("flash_attn_type", ctypes.c_int),
        ("warmup", _B), ("image_min_tokens", ctypes.c_int), ("image_max_tokens", ctypes.c_int),
        ("cb_eval", _P), ("cb_eval_user_data", _P), ("batch_max_tokens", _I),
        ("progress_callback", _P), ("progress_callback_user_data", _P),
    )  # fmt: skip


class _InputText(ctypes.Structure):
    _fields_ = (("text", _S), ("text_len", _N), ("add_special", _B), ("parse_special", _B))


# What comes back, then what goes in.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "llama_backend_init": (None,),
    "llama_batch_get_one": (_Batch, _TOKENS, _I),
    "llama_context_default_params": (_ContextParams,),
    "llama_decode": (_I, _P, _Batch),
    "llama_free": (None, _P),
    "llama_get_logits_ith": (ctypes.POINTER(_F), _P, _I),
    "llama_get_memory": (_P, _P),
    "llama_init_from_model": (_P, _P, _ContextParams),
    "llama_log_set": (None, _LOG, _P),
    "llama_memory_clear": (None, _P, _B),
    "llama_memory_seq_rm": (_B, _P, _I, _I, _I),
    "llama_model_default_params": (_ModelParams,),
    "llama_model_free": (None, _P),
    "llama_model_get_vocab": (_P, _P),
    "llama_model_load_from_file": (_P, _S, _ModelParams),
    "llama_model_meta_val_str": (_I, _P, _S, _S, _N),
    "llama_model_n_ctx_train": (_I, _P),
    "llama_print_system_info": (_S,),
    "llama_sampler_chain_add": (None, _P, _P),
    "llama_sampler_chain_default_params": (_SamplerParams,),
    "llama_sampler_chain_init": (_P, _SamplerParams),
    "llama_sampler_free": (None, _P),
    "llama_sampler_init_grammar": (_P, _P, _S, _S),
    "llama_sampler_init_greedy": (_P,),
    "llama_sampler_sample": (_TOKEN, _P, _P, _I),
    "llama_set_abort_callback": (None, _P, _ABORT, _P),
    "llama_supports_gpu_offload": (_B,),
    "llama_token_to_piece": (_I, _P, _TOKEN, _S, _I, _I, _B),
    "llama_tokenize": (_I, _P, _S, _I, _TOKENS, _I, _B, _B),
    "llama_vocab_bos": (_TOKEN, _P),
    "llama_vocab_eos": (_TOKEN, _P),
    "llama_vocab_get_add_bos": (_B, _P),
    "llama_vocab_get_text": (_S, _P, _TOKEN),
    "llama_vocab_is_control": (_B, _P, _TOKEN),
    "llama_vocab_is_eog": (_B, _P, _TOKEN),
    "llama_vocab_n_tokens": (_I, _P),
    # of llama.cpp's common part, which is C++: the wheel's JSON schemas are followed by llguidance
    "_Z22llama_sampler_init_llgPK11llama_vocabPKcS3_": (_P, _P, _S, _S),
    "mtmd_bitmap_free": (None, _P),
    "mtmd_bitmap_init": (_P, _U, _U, ctypes.POINTER(ctypes.c_uint8)),
    "mtmd_context_params_default": (_EyeParams,),
    "mtmd_default_marker": (_S,),
    "mtmd_free": (None, _P),
    "mtmd_helper_eval_chunk_single": (_I, _P, _P, _P, _I, _I, _I, _B, ctypes.POINTER(_I)),
    "mtmd_helper_get_n_tokens": (_N, _P),
    "mtmd_helper_log_set": (None, _LOG, _P),
    "mtmd_init_from_file": (_P, _S, _P, _EyeParams),
    "mtmd_input_chunk_get_tokens_text": (_TOKENS, _P, ctypes.POINTER(_N)),
    "mtmd_input_chunks_free": (None, _P),
    "mtmd_input_chunks_get": (_P, _P, _N),
    "mtmd_input_chunks_init": (_P,),
    "mtmd_input_chunks_size": (_N, _P),
    "mtmd_log_set": (None, _LOG, _P),
    "mtmd_support_vision": (_B, _P),
    "mtmd_tokenize": (_I, _P, _P, ctypes.POINTER(_InputText), ctypes.POINTER(_P), _N),
}


def _ready_library() -> SimpleNamespace:
    """The functions, types and constants that the engine uses.

    Raises ImportError with a sentence where the wheel is not installed, is another version, or
    does not export its functions (Windows); OSError where a library that it needs is missing.
    """
    with suppress(OSError):  # a bundle brings it, as a very small Linux lacks it
        ctypes.CDLL(str(Path(sys.prefix, "lib", "libgomp.so.1")))
    import xllamacpp

    if (found := version("xllamacpp")) != READY_VERSION:
        raise ImportError(f"xllamacpp {found} is installed, and {READY_VERSION} is needed")
    library = ctypes.CDLL(xllamacpp.xllamacpp.__file__)
    try:
        functions = {name: _declared(library, name) for name in _FUNCTIONS}
    except AttributeError as error:
        raise ImportError(f"xllamacpp does not export its functions here ({error})") from error
    return SimpleNamespace(
        **functions,
        library=library,
        llama_token=_TOKEN,
        llama_pos=_I,
        llama_log_callback=_LOG,
        ggml_abort_callback=_ABORT,
        mtmd_bitmap_p_ctypes=_P,
        mtmd_input_text=_InputText,
        LLAMA_LOAD_MODE_NONE=0,
        LLAMA_FLASH_ATTN_TYPE_DISABLED=0,
    )


def _declared(library: ctypes.CDLL, name: str) -> Any:
    result, *arguments = _FUNCTIONS[name]
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function
