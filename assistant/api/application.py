"""Puts the API together, and serves it."""

import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, FastAPI, Request, Response, Security
from fastapi.security import HTTPBearer
from mcp.server.transport_security import TransportSecuritySettings

from assistant.accounts.person import Person
from assistant.accounts.provider import NotSignedIn, provider
from assistant.accounts.signed_in import signed_in
from assistant.accounts.tokens import Tokens, tokens
from assistant.api import errors, json_log, mcp_server, openai_protocol, shelf
from assistant.api.described import ADDRESS, PAGE, Described, add_page
from assistant.api.guard import Guard, is_signed
from assistant.api.libraries import Libraries
from assistant.api.routes import (
    asking_routes,
    library_routes,
    model_routes,
    page_routes,
    personal_routes,
    sheet_routes,
    source_routes,
)
from assistant.api.routes.strict import known_queries, whole_text
from assistant.api.watching import Figures, Watched
from assistant.entrance.asgi import Asgi
from assistant.entrance.guests import Guests
from assistant.entrance.hosts import Hosts, is_loopback
from assistant.entrance.http_server import server
from assistant.receipts.record import versions
from assistant.settings import Settings
from ingest.errors import PinciteError

LOOPBACK = "127.0.0.1"
PORT = 8600
_LARGEST_CALL = 1 << 20  # bytes; the SDK has several copies of one while it reads it
_ROUTES = (
    openai_protocol.routes, library_routes.routes, page_routes.routes, asking_routes.routes,
    personal_routes.routes, sheet_routes.routes, source_routes.routes, model_routes.routes,
)  # fmt: skip


def serve(
    settings: Settings, port: int, address: str = LOOPBACK, names: Sequence[str] = (),
    asks: bool = False,
) -> None:  # fmt: skip
    """Serve until it is stopped; answers that are under way may end.

    `names` are further names of the server, such as a proxy's. Who does not come from this machine
    alone needs a token; with `asks` everybody does. Where people have accounts, or get the first
    one while it runs, theirs are needed instead.
    """
    guests = None if is_loopback(address) and not names and not asks else Guests()
    libraries = Libraries(settings)
    people = libraries.accounts is not None
    app = guarded(libraries, Hosts(address, names), guests)
    host = f"[{address}]" if ":" in address else address
    welcome = _welcome(f"http://{host}:{port}", guests, people)
    server(
        app, address, port, lambda: print(welcome, file=sys.stderr, flush=True), settings.proxy,
        stop_seconds=settings.stop_seconds, logs=_logged(settings),
    ).run()  # fmt: skip


def _logged(settings: Settings) -> dict[str, Any]:
    """How uvicorn logs."""
    if settings.logs == "text":
        return {"log_level": "warning"}
    json_log.install()
    return {"log_config": None}


def guarded(libraries: Libraries, hosts: Hosts, guests: Guests | None = None) -> Asgi:
    """The application behind its guard."""
    libraries.at_machine = hosts.only_here
    figures = Figures(libraries)
    inner = application(libraries, figures)
    return Watched(Guard(inner, hosts, guests, _tokens(libraries), _signed(libraries)), figures)


def _tokens(libraries: Libraries) -> Callable[[], Tokens | None]:
    """Those of people, from their first account on."""
    made = cache(partial(tokens, libraries.settings))
    return lambda: made() if libraries.accounts else None


def _signed(libraries: Libraries) -> Callable[[str], Person | None]:
    """Whose token of the provider it is."""
    if (at := provider(libraries.settings)) is None:
        return lambda token: None

    def person(token: str) -> Person | None:
        known = libraries.accounts
        if known is None or not is_signed(token):  # nobody is asked
            return None
        try:
            return signed_in(libraries.settings, known).person(at.claims(token))
        except NotSignedIn:
            return None

    return person


def application(libraries: Libraries, figures: Figures) -> FastAPI:
    """All routes; the chat model is loaded from the start, in the background."""
    protocol = mcp_server.server(libraries, changes=False, who=shelf.person)
    # The guard has compared the names of the server already.
    unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    # Without sessions, in which clients could keep what they like: no tool here needs one.
    mcp = protocol.streamable_http_app(
        transport_security=unguarded, stateless_http=True, max_request_body_size=_LARGEST_CALL
    )

    @asynccontextmanager
    async def opened(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_load, args=(libraries,), name="load", daemon=True).start()
        async with protocol.session_manager.run():
            yield
        libraries.close()

    # FastAPI's own pages load scripts from elsewhere.
    app = Described(
        title="Pincite", version=versions()["pincite"], lifespan=opened, docs_url=None,
        redoc_url=None, openapi_url=ADDRESS,
        description="Answers from documents, each sentence with the lines that state it.",
    )  # fmt: skip
    errors.install(app)
    app.state.libraries = libraries
    # The guard judges the token; here it is described, for generators of clients.
    token = Security(HTTPBearer(auto_error=False, description="where the server asks for one"))
    for routes in _ROUTES:
        # Clients of OpenAI's protocol send parameters that other servers know.
        strict = [] if routes is openai_protocol.routes else [Depends(known_queries)]
        app.include_router(
            routes,
            dependencies=[token, Depends(whole_text), *strict],
            responses={"4XX": {"model": errors.Failed, "description": "Refused, with a sentence"}},
        )
    app.router.routes.extend(mcp.routes)
    add_page(app)

    looking = CapacityLimiter(1)  # a thread that no work takes

    @app.get("/healthz", tags=["Server"])
    async def healthz() -> dict[str, str]:
        """Whether it runs."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["Server"])
    async def readyz(response: Response) -> dict[str, str]:
        """Whether it can answer: the chat model is in memory, and people can be looked up."""
        now = await run_sync(libraries.condition, limiter=looking)
        response.status_code = 200 if now == "ready" else 503
        return {"status": now}

    @app.get("/metrics", tags=["Server"])
    async def metrics(request: Request) -> Response:
        """Figures for Prometheus."""
        return figures.page(request)

    return app


def _load(libraries: Libraries) -> None:
    try:
        libraries.load()
    except PinciteError as error:  # each question says so, too
        print(f"pincite: {error}", file=sys.stderr, flush=True)


def _welcome(place: str, guests: Guests | None, people: bool) -> str:
    told = f"Pincite's API is at {place}/v1, {place}/api and {place}/mcp  (Ctrl-C stops it)"
    if people:
        return f"{told}. It asks for a token of `pincite tokens add`."
    if guests is None:  # a browser sends no token
        return f"{told}; {place}{PAGE} describes it"
    return (
        f"{told}. It asks for a token, shown here only:\n"
        f"  yours, to add and remove:   {guests.tokens['owner']}\n"
        f"  for others, to read and ask: {guests.tokens['visitor']}"
    )
