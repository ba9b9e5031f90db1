"""Which machines read files, and whether each of them can."""

from collections.abc import Iterator

from assistant.build.engines import engines
from assistant.build.models import embedder
from assistant.build.workers import cluster
from assistant.doctor.check import Check
from assistant.settings import Settings
from ingest.errors import PinciteError
from vectorstore.embedding.embedder import Recipe, recipe
from vectorstore.workers.workers import Order

_START = "ray start --address HOST:6379"


def check(settings: Settings) -> Iterator[Check]:
    """Each machine reads a line of text, with the models that are chosen here."""
    found = cluster(settings)
    if found is None:
        yield Check("workers", "ok", "files are read by processes of this machine")
        return
    try:
        machines = found.machines(Order(engines(settings), recipe=lambda: _recipe(settings)))
    except PinciteError as error:
        yield Check("workers", "error", str(error), "Start Ray, or check its address.")
        return
    place = found.address.place
    if not machines:
        yield Check("workers", "error", f"No machine of {place} reads.", _START)
    for one in machines:
        named = f"{one.name} of {place}"
        if one.unfit:
            yield Check("workers", "error", f"{named}: {one.unfit}.", "Repair it, or stop it.")
        else:
            cores = "1 core" if one.cores == 1 else f"{one.cores} cores"
            yield Check("workers", "ok", f"{named}, {cores}: reads")


def _recipe(settings: Settings) -> Recipe | None:
    try:
        return recipe(embedder(settings))
    except PinciteError:  # what is wrong with it is said by another check
        return None
