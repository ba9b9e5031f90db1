"""The description of the API: OpenAPI with an example of each request and its answer, and a page
that shows it and tries it out. All of it comes from this server."""

import json
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

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
        """OpenAPI 3.1, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_examples(super().openapi())
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
    """By method and path: what fills the path, the query, the request and its answer."""
    found: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _with_examples(schema: dict[str, Any]) -> dict[str, Any]:
    for place, example in examples().items():
        method, path = place.split(" ", 1)
        operation = schema["paths"][path][method.lower()]
        given = {**example["path"], **example["query"]}
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in given:
                parameter["example"] = given[parameter["name"]]
        if example["request"] is not None:
            _json_of(operation["requestBody"])["example"] = example["request"]
        if "response" in example:
            _json_of(operation["responses"]["200"])["example"] = example["response"]
    return schema


def _json_of(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part.setdefault("content", {}).setdefault("application/json", {})
    return found
