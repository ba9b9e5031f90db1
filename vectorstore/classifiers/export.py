"""Writes the classifier of a folder as an ONNX file, once, with torch and transformers.

optimum-onnx would do it, but its version 0.1.0 ends at transformers 4.57. Its own way is taken:
`torch.onnx.export` of the model as it is. A folder that holds an ONNX file needs none of this.
"""

import inspect
import tempfile
import warnings
from pathlib import Path
from typing import Any

from ingest.platform.extras import require
from ingest.platform.openmp import wait_calmly
from vectorstore.classifiers.folder import EXPORTED, Classifier, headed
from vectorstore.errors import LibraryError

_OPSET = 17
_LENGTHS = (9, 7)  # tokens of the two texts that the graph is traced with


def export(folder: Path, classifier: Classifier) -> Path:
    """The folder with the ONNX file and its tokenizer, in the model's folder. Raises LibraryError.

    Weights come from safetensors alone: a pickle can hold programs.
    """
    require(
        "embedders", "torch", "transformers",
        to=f"use {folder.name}, which has no ONNX file", error=LibraryError,
    )  # fmt: skip
    wait_calmly()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's, about shapes that are constant here
            made = Path(scratch, EXPORTED)
            made.mkdir()
            _write(folder, classifier, made)
            return made.rename(folder / EXPORTED)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise LibraryError(
            f"The model in {folder} could not be made ready: {_first_line(error)}. "
            "Check that the folder is complete and can be written, and that its disk has room."
        ) from error


def _write(folder: Path, classifier: Classifier, made: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    tokenizer.backend_tokenizer.save(str(made / "tokenizer.json"))
    model = _loaded(folder, classifier)
    pair = tokenizer(*(" ".join(["a"] * count) for count in _LENGTHS), return_tensors="pt")
    taken = inspect.signature(model.forward).parameters
    names = [name for name in pair if name in taken]
    torch.onnx.export(
        _outputs(model, names).eval(),
        tuple(pair[name] for name in names),
        str(made / "model.onnx"),
        input_names=names,
        output_names=["found"],
        dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names},
        opset_version=_OPSET,
        dynamo=False,  # the newer exporter needs onnxscript
    )


def _loaded(folder: Path, classifier: Classifier) -> Any:
    import torch
    import transformers

    name = "SequenceClassification" if classifier.kind != "tokens" else "TokenClassification"
    of_encoder = headed(folder)
    loader = getattr(transformers, "AutoModel" if of_encoder else f"AutoModelFor{name}")
    return loader.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32,
        attn_implementation="eager",
    )  # fmt: skip


def _outputs(model: Any, names: list[str]) -> Any:
    """A module with positional inputs and one output, as the tracer wants it."""
    import torch

    class Outputs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(names, inputs, strict=True)))[0]

    return Outputs()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
