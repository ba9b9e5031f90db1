"""How a request names some of a library's documents, and a part of a long list."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from vectorstore.catalog.choosing import Filter


class Chosen(BaseModel, extra="forbid"):
    """Only some documents: those with all the tags, and of a time."""

    tags: list[str] = []
    after: str = Field(default="", description="dated then or later: 2024, 2024-06 or 2024-06-30")
    before: str = Field(default="", description="dated before that begins")

    @property
    def filter(self) -> Filter:
        """Raises WrongTag or WrongDate."""
        return Filter(tuple(self.tags), self.after, self.before)


def _chosen(
    tag: Annotated[list[str], Query(description="only with all of these tags")] = [],  # noqa: B006
    after: Annotated[str, Query(description="only dated then or later, as 2024-06")] = "",
    before: Annotated[str, Query(description="only dated before that begins")] = "",
) -> Filter:
    """Raises WrongTag or WrongDate."""
    return Filter(tuple(tag), after, before)


Within = Annotated[Filter, Depends(_chosen)]
Offset = Annotated[int, Query(ge=0, lt=1 << 31, description="so many of the first are left out")]
