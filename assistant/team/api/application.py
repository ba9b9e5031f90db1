"""Puts the API together, and serves it."""

import json
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import fastapi_offline
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, FastAPI, Request, Response, Security
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from mcp.server.transport_security import TransportSecuritySettings

from assistant.entrance.asgi import Asgi, Hosts, is_loopback
from assistant.entrance.guests import Guests
from assistant.entrance.http_server import server
from assistant.receipts.record import versions
from assistant.settings import Settings
from assistant.team.accounts import Person
from assistant.team.api import (
    asking_routes,
    errors,
    library_routes,
    mcp_server,
    openai_protocol,
    personal_routes,
    shelf,
    watching,
)
from assistant.team.api.guard import Guard, is_signed
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.shelf import known_queries, whole_text
from assistant.team.api.watching import Figures
from assistant.team.provider import NotSignedIn
from assistant.team.tokens import Tokens
from assistant.wiring.people import provider, signed_in, tokens
from ingest.errors import PinciteError
from ingest.platform.process import serve_others

# -- The description of the API: OpenAPI with an example of each request and its answer, and a page
# that shows it and tries it out. All of it comes from this server.

EXAMPLES = Path(__file__).with_name("examples.json")  # written by scripts/api_examples.py
PAGE, ADDRESS = "/docs", "/openapi.json"
_FILES = "/docs/files"
# Its own script stands in the page; nothing is loaded from elsewhere.
_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)


class Described(FastAPI):
    """An application whose description has examples."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 description, with examples; built once."""
        if self.openapi_schema is None:
            self.openapi_schema = super().openapi()
            for place, example in examples().items():
                method, path = place.split(" ", 1)
                _add_example(self.openapi_schema["paths"][path][method.lower()], example)
        return self.openapi_schema


def add_page(app: FastAPI) -> None:
    """The page for people. Without the badge that Swagger UI fetches from its makers' server."""
    files = Path(fastapi_offline.__file__).parent / "static"
    app.mount(_FILES, StaticFiles(directory=files), name="files of the description")

    @app.get(PAGE, include_in_schema=False)
    def page() -> HTMLResponse:
        shown = get_swagger_ui_html(
            openapi_url=ADDRESS, title=f"{app.title} API", oauth2_redirect_url=None,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url="data:,",
            swagger_ui_parameters={"validatorUrl": None, "docExpansion": "list"},
        )  # fmt: skip
        shown.headers["content-security-policy"] = _POLICY
        return shown


def examples() -> dict[str, dict[str, Any]]:
    """The examples by method and path: of the path, query, request and answer."""
    found: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _add_example(operation: dict[str, Any], example: dict[str, Any]) -> None:
    given = {**example["path"], **example["query"]}
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in given:
            parameter["example"] = given[parameter["name"]]
    asked, answer = operation.get("requestBody", {}), operation["responses"]["200"]
    for part, shown in ((asked, example["request"]), (answer, example.get("response"))):
        if shown is not None:
            content = part.setdefault("content", {}).setdefault("application/json", {})
            content["example"] = shown


LOOPBACK = "127.0.0.1"
PORT = 8600
_LARGEST_CALL = 1 << 20  # bytes; the SDK has several copies of one while it reads it
_ROUTES = (
    openai_protocol.routes, library_routes.routes, library_routes.page_routes,
    library_routes.source_routes, asking_routes.routes, asking_routes.sheet_routes,
    asking_routes.model_routes, personal_routes.routes,
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
    if guests or people:
        serve_others()
    app = guarded(libraries, Hosts(address, names), guests)
    host = f"[{address}]" if ":" in address else address
    welcome = _welcome(f"http://{host}:{port}", guests, people)
    logs: dict[str, Any] = {"log_level": "warning"}
    if settings.logs == "json":
        watching.install_json_log()
        logs = {"log_config": None}  # uvicorn leaves the loggers as they are
    server(
        app, address, port, lambda: print(welcome, file=sys.stderr, flush=True), settings.proxy,
        stop_seconds=settings.stop_seconds, logs=logs,
    ).run()  # fmt: skip


def guarded(libraries: Libraries, hosts: Hosts, guests: Guests | None = None) -> Asgi:
    """The API behind the guard that admits requests; each request is counted."""
    libraries.at_machine = hosts.only_here
    figures = Figures(libraries)
    inner = application(libraries, figures)

    at = provider(libraries.settings)

    def of_people() -> Tokens | None:  # from their first account on
        return tokens(libraries.settings) if libraries.accounts else None

    def signed(token: str) -> Person | None:
        """Whose token of the provider it is."""
        known = libraries.accounts
        if at and known and is_signed(token):
            with suppress(NotSignedIn):
                return signed_in(libraries.settings, known)(at.claims(token))
        return None

    return figures.watched(Guard(inner, hosts, guests, of_people, signed))


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
            responses={
                "4XX": {"model": errors.Failed, "description": "Refused, with an error message"}
            },
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
