"""Who reads the files of an `add`: processes of this machine, or a Ray cluster of the settings."""

from pathlib import Path

from assistant.security.network_guard import QUIET, permit
from assistant.settings import Settings
from vectorstore.workers import workers
from vectorstore.workers.address import parsed
from vectorstore.workers.ray_workers import RayCluster
from vectorstore.workers.workers import Hire


def hire(settings: Settings) -> Hire:
    """The network guard lets the address through from now on."""
    found = cluster(settings)
    return found.hire if found else workers.here


def cluster(settings: Settings) -> RayCluster | None:
    """None where this machine reads."""
    address = parsed(settings.workers)
    if address is None:
        return None
    if not address.is_here:
        permit(address.host, address.port, "workers")
    return RayCluster(address, located, tuple(QUIET.items()))


def located(path: Path) -> Path | None:
    """On a worker: a model that the sender has at `path`. At the same path, else in the home."""
    there = Settings.load().models_folder / path.name
    return next((one for one in (path, there) if one.exists()), None)
