"""Writes into an output file how it was made.

A PNG has a Provenance as JSON (key "pincite"), the same as Stable Diffusion programs write it (key
"parameters", so that those read it, too), and as XMP the source type of IPTC by which other
programs know generated pictures. C2PA is left out: it needs a certificate that somebody signs for,
which a program on a person's own machine does not have.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from assistant.images.generation import DrawingJob
from ingest.images.ai_provenance import KEY, Provenance

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" \
Iptc4xmpExt:DigitalSourceType="{source}"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def provenance(job: DrawingJob, tool: str, model: str, sha256: str) -> Provenance:
    """The provenance of a job's output."""
    width, height = job.size or (None, None)
    return Provenance(
        job.prompt, job.negative, model, sha256, job.seed, job.steps, job.guidance, job.strength,
        width, height, tool, program(),
    )  # fmt: skip


def program() -> str:
    """Name and version."""
    try:
        return f"pincite {version('pincite')}"
    except PackageNotFoundError:
        return "pincite"


def marks(made: Provenance) -> "PngInfo":
    """The texts of a PNG."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_itxt(KEY, made.to_json())
    texts.add_itxt("parameters", parameters(made))
    texts.add_itxt("XML:com.adobe.xmp", _XMP.format(source=_SOURCES + _source(made)))
    return texts


def parameters(made: Provenance) -> str:
    """In the form that Stable Diffusion programs read back."""
    numbers = {
        "Steps": made.steps, "CFG scale": made.guidance, "Seed": made.seed,
        "Size": f"{made.width}x{made.height}" if made.width else None,
        "Model hash": made.model_sha256[:10], "Model": made.model,
        "Denoising strength": made.strength, "Version": made.program,
    }  # fmt: skip
    told = ", ".join(
        f"{name}: {value}" for name, value in numbers.items() if value not in (None, "")
    )
    negative = [f"Negative prompt: {made.negative}"] if made.negative else []
    return "\n".join([made.prompt, *negative, told])


def _source(made: Provenance) -> str:
    """A picture that a model has changed is composed of both."""
    own = made.tool in ("", "draw")
    return "trainedAlgorithmicMedia" if own else "compositeWithTrainedAlgorithmicMedia"
