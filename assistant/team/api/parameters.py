"""Refuses a parameter or a form's field that a route does not know, as bodies of JSON refuse such a
field: a misspelt filter would choose all documents.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field

from vectorstore.catalog.tags import Filter


async def known_queries(request: Request) -> None:
    """Raises HTTPException for a name behind `?` that the route does not take."""
    if not request.query_params:
        return
    path = request.app.openapi()["paths"].get(request.scope["route"].path_format, {})
    takes = path.get(request.method.lower(), {}).get("parameters", ())
    known = [row["name"] for row in takes if row["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            told = f"It takes {', '.join(known)}." if known else "It takes none."
            raise HTTPException(400, f"{name[:100]}: there is no such parameter. {told}")


async def only_files(request: Request) -> None:
    """Raises HTTPException for a field of a form that is not `files`."""
    for name in await request.form():
        if name != "files":
            raise HTTPException(400, f"{name[:100]}: there is no such field. Files are `files`.")


async def whole_text(request: Request) -> None:
    """Raises HTTPException for NUL and halves of characters, which no text has and no database
    takes, in a path, a query or a body of JSON."""
    given: list[Any] = [*request.path_params.values(), *request.query_params.values()]
    if "json" in request.headers.get("content-type", ""):
        with suppress(ValueError):  # whoever reads the body says so
            given.append(await request.json())
    if any(map(_is_broken, _texts(given))):
        raise HTTPException(400, "The request has NUL or half a character in a text: leave it out.")


def _texts(given: list[Any]) -> Iterator[str]:
    """Those in JSON, however deep; the list is used up."""
    while given:
        match given.pop():
            case str(text):
                yield text
            case dict(row):
                given += [*row.keys(), *row.values()]
            case list(items):
                given += items


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text


# -- How a request names some of a library's documents, and a part of a long list


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
