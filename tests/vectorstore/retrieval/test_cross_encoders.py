""""""

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vectorstore.embedding.made import made, tokenizer_in
from vectorstore.embedding.classifier_folder import ranks
from vectorstore.retrieval.rerank import CrossEncoder

pytestmark = pytest.mark.slow
PAIRS = [("handbook about leave", "it is leave ."), ("handbook", "it is travel . " * 9)]


def test_it_computes_what_transformers_computes() -> None:
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(made()).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(made())
    for pair, found in zip(PAIRS, CrossEncoder(made()).read(PAIRS), strict=True):
        told = tokenizer(*pair, return_tensors="pt", truncation=True)
        assert np.isclose(found, model(**told).logits[0].item(), atol=1e-4)


def test_with_an_onnx_file_neither_torch_nor_the_weights_are_needed(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    shutil.copytree(made(), tmp_path, dirs_exist_ok=True)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        tmp_path, attn_implementation="eager", return_dict=False
    ).eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, tuple(torch.ones((1, 9), dtype=torch.int64) for _ in names),
            str(tmp_path / "model.onnx"), input_names=names, output_names=["found"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names},
            opset_version=17, dynamo=False,
        )  # fmt: skip
    (tmp_path / "model.safetensors").unlink()
    code = (
        "import sys; sys.modules.update(torch=None, transformers=None)\n"
        "from pathlib import Path\n"
        "from vectorstore.retrieval.rerank import CrossEncoder\n"
        f"found = CrossEncoder(Path({str(tmp_path)!r})).read({PAIRS!r})\n"
        "print(found)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    in_torch = CrossEncoder(made()).read(PAIRS)
    assert np.allclose(json.loads(done.stdout), in_torch, atol=1e-4)


def test_a_head_in_modules_of_its_own_computes_what_sentence_transformers_computes(
    tmp_path: Path,
) -> None:
    """As the Ettin rerankers have it: encoder, first token, dense layer, normalisation, score."""
    torch = pytest.importorskip("torch")
    sentence_transformers = pytest.importorskip("sentence_transformers")
    model = modular(tmp_path, torch, sentence_transformers)
    model.save_pretrained(str(tmp_path / "model"))
    assert ranks(tmp_path / "model")
    mine = CrossEncoder(tmp_path / "model").read(PAIRS)
    theirs = model.predict(PAIRS, activation_fn=torch.nn.Identity())
    assert np.allclose(mine, np.ravel(theirs), atol=1e-4)


def modular(folder: Path, torch: Any, sentence_transformers: Any) -> Any:
    import transformers
    from sentence_transformers.sentence_transformer.modules import (
        Dense,
        LayerNorm,
        Pooling,
        Transformer,
    )

    torch.manual_seed(0)
    encoder = folder / "encoder"
    encoder.mkdir()
    tokenizer_in(encoder).save_pretrained(encoder)
    config = transformers.BertConfig(
        vocab_size=32, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=32, initializer_range=0.5,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(encoder)
    layers = [
        Transformer(str(encoder)), Pooling(32, pooling_mode="cls"),
        Dense(32, 32, bias=False, activation_function=torch.nn.GELU()), LayerNorm(32),
        Dense(32, 1, activation_function=torch.nn.Identity(), module_output_name="scores"),
    ]  # fmt: skip
    return sentence_transformers.CrossEncoder(modules=layers)
