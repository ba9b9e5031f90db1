"""Which device computes the answers, and what would be quicker."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from assistant.doctor.check import Check, Severity, importing, outcome
from assistant.llm.llama.devices import Placement
from assistant.llm.llama.quicker import quicker
from assistant.models.machine import this_machine
from assistant.settings import Settings

# In a child process: a driver that does not fit ends it.
_CODE = """
import json
from pathlib import Path
from assistant.llm.llama import devices, runtime
llama = runtime.runtime()
place = next(devices.placements(llama, Path({path!r}), {context}, {gpu!r}))
names = [device.description for device in devices.graphics()]
print(json.dumps([place.layers, place.of, place.device, names]))
"""


def look(path: Path | None, settings: Settings) -> subprocess.Popen[str] | None:
    """Start the child that looks; None without a local chat model."""
    if path is None:
        return None
    code = _CODE.format(path=str(path), context=settings.context_tokens, gpu=settings.gpu)
    return importing(code)


def check(child: subprocess.Popen[str] | None, settings: Settings) -> Iterator[Check]:
    """None where no local model answers, or llama.cpp does not start: another check says so."""
    if child is None:
        return
    status, said = outcome(child)
    if status == 0:
        layers, of, device, names = json.loads(said)
        place = Placement(layers, of, device)
        cores = "" if layers else f" ({this_machine().cores} cores)"
        remedy = quicker(place, settings.gpu, bool(names))
        severity: Severity = "warning" if remedy else "ok"
        yield Check("device", severity, f"Answers are computed on {place}{cores}.", remedy)


def graphics() -> list[str]:
    """The graphics devices that llama.cpp finds here; empty without it. Takes a second: looked for
    in a child process, too."""
    code = (
        "import json\nfrom assistant.llm.llama import devices\n"
        "print(json.dumps([device.description for device in devices.graphics()]))"
    )
    status, said = outcome(importing(code))
    found: list[str] = json.loads(said) if status == 0 else []
    return found
