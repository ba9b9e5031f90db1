"""The commands for other programs: serve, mcp."""

import argparse
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, add_parser, with_address

if TYPE_CHECKING:
    from assistant.settings import Settings

_MISSING = (
    "Install pincite[serve] to serve other programs: the packages that it takes are not here. In a "
    "clone, `python3 scripts/set_up.py serve` does it."
)


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    serve = add_parser(
        commands, "serve", "answer other programs over HTTP",
        "OpenAI's protocol, an API of its own and the Model Context Protocol: docs/api.md.",
    )  # fmt: skip
    with_address(serve, 8600, "clients")
    serve.set_defaults(run=_run_serve, misused=serve.error)
    mcp = add_parser(
        commands, "mcp", "serve another assistant over standard input",
        "It speaks the Model Context Protocol: docs/api.md.",
    )  # fmt: skip
    mcp.set_defaults(run=_run_mcp, misused=mcp.error)


def _run_serve(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.errors import AssistantError
    from assistant.libraries.waiting import clear
    from assistant.ui.server import check_names, free_port

    try:
        from assistant.api import application
    except ModuleNotFoundError as error:
        raise AssistantError(_MISSING) from error
    check_names(args.listens_at, args.host)
    clear(settings)
    port = free_port(application.PORT, args.port, args.listens_at)
    application.serve(settings, port, args.listens_at, args.host, args.token)
    return DONE


def _run_mcp(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.errors import AssistantError

    try:
        from assistant.api import mcp_server
        from assistant.api.libraries import Libraries
    except ModuleNotFoundError as error:
        raise AssistantError(_MISSING) from error
    libraries = Libraries(settings)
    try:
        mcp_server.server(libraries, changes=True).run("stdio")
    finally:
        libraries.close()
    return DONE
