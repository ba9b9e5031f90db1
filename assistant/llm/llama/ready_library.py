"""llama.cpp from the ready wheel of xllamacpp: the library inside of it, under the names that
llama-cpp-python gives to its functions.

xllamacpp itself offers a server. Its extension module is llama.cpp linked as one library, whose C
functions are exported on Linux and macOS; called directly they need no port, no key and no second
process, and the engine, its prompts and its prefix cache are the same as with llama-cpp-python.
Structures cross this border by value, so the declarations fit one version alone, `VERSION`: they
are those of its `llama.h` and `mtmd.h`.
"""

import ctypes
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

VERSION = "2026.10.11549"  # the one in pyproject.toml

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


def load() -> SimpleNamespace:
    """The functions, types and constants that the engine uses.

    Raises ImportError with a sentence where the wheel is not installed, is another version, or
    does not export its functions (Windows); OSError where a library that it needs is missing.
    """
    with suppress(OSError):  # a bundle brings it, as a very small Linux lacks it
        ctypes.CDLL(str(Path(sys.prefix, "lib", "libgomp.so.1")))
    import xllamacpp

    if (found := version("xllamacpp")) != VERSION:
        raise ImportError(f"xllamacpp {found} is installed, and {VERSION} is needed")
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
