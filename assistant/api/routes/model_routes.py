"""The route of models: the catalogue, what is on this server's disk, and what is in use."""

from typing import Any

from fastapi import APIRouter

from assistant.api.shelf import Seen
from assistant.build import tools
from assistant.models.listing import rows

Row = dict[str, Any]

routes = APIRouter(prefix="/api/models", tags=["Models"])


@routes.get("")
def listed(seen: Seen) -> list[Row]:
    """The models of the catalogue and others on this server's disk: role, size, fit for the
    machine, whether it is there and whether it is in use."""
    return [_without_place(row) for row in rows(tools.models(seen.settings))]


def _without_place(row: Row) -> Row:
    """A client need not know our folders."""
    return {**row, "note": ""} if row["sources"] == ["path"] else row
