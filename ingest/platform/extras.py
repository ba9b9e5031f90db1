"""Extras of the package: what is said where one is needed and not installed.

Pincite alone reads text and answers. Each further ability is an extra, `pincite[NAME]`; which
packages belong to it is said in pyproject.toml.
"""

from importlib.util import find_spec

from ingest.errors import PinciteError


def require(extra: str, *packages: str, to: str, error: type[PinciteError] = PinciteError) -> None:
    """Raise `error` with the extra to install, unless all `packages` (import names) are there.

    `to` is a clause: what it is needed for. A package that is there and cannot be imported is
    another matter, and is not called missing.
    """
    if not installed(*packages):
        raise error(f"Install pincite[{extra}] to {to}.")


def installed(*packages: str) -> bool:
    """Whether all of them can be found; nothing is imported."""
    return all(find_spec(package) is not None for package in packages)
