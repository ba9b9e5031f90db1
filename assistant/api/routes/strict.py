"""Refuses a parameter or a form's field that a route does not know, as bodies of JSON refuse such a
field: a misspelt filter would choose all documents."""

from fastapi import HTTPException, Request


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
