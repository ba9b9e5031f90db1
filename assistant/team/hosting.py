"""The commands for hosting Pincite for others: people, tokens, servers, and moving a home."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    IN_PART,
    add_parser,
    below,
    command,
    count,
    counted,
    done,
    hint,
    notice,
    several,
    with_address,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.team.accounts import Accounts, Person, Role
    from assistant.team.moving_home import MovedRows
    from vectorstore.team.moving import Moved, MovedFiles


_ROLES = ("reader", "editor", "owner")  # as in accounts.person, which would load SQLite


def add_account_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    acts = _listing(commands, "users", _run_list, "list, add and change people who may sign in")
    add = below(acts, "add", _run_add, "add a person; the first one is an owner", "name")
    add.add_argument("--role", choices=_ROLES, help="what they may do (reader)")
    several(add, "--group", "NAME", "a group of theirs")
    new = "give a person another role or other groups"
    change = below(acts, "change", _run_change, new, "name")
    change.add_argument("--role", choices=_ROLES, help="what they may do from now on")
    groups = change.add_mutually_exclusive_group()
    groups.add_argument(
        "--group", action="append", metavar="NAME", help="instead of all earlier ones"
    )
    groups.add_argument(
        "--no-group", action="store_const", const=[], dest="group", help="out of all groups"
    )
    new = "set a new password, and end all sessions"
    for act in (add, below(acts, "passwd", _run_passwd, new, "name")):
        act.add_argument(
            "--stdin", action="store_true", help="read the password from standard input"
        )
    gone = "remove a person with sessions, tokens and conversations"
    below(acts, "remove", _run_remove, gone, "name")
    share = below(
        acts, "share", _run_share, "say to whom a library belongs", "library",
        more="Without --with and --group it belongs to everybody.",
    )  # fmt: skip
    several(share, "--with", "NAME", "a person")
    several(share, "--group", "NAME", "a group")
    below(acts, "list", _run_list, "list people, and libraries that not everybody sees")
    below(
        acts, "log", _run_log, "list who asked, saw, added and removed what",
        more="--json prints a line of JSON for each.",
    )  # fmt: skip
    _add_tokens(commands)


def _add_tokens(commands: Any) -> None:
    about = "list, add and revoke tokens for programs that call `pincite serve`"
    acts = _listing(commands, "tokens", _run_tokens, about)
    add = below(acts, "add", _run_token, "add a token of a person; it is shown once", "name")
    add.add_argument("--as", required=True, metavar="TEXT", dest="label", help="what it is for")
    add.add_argument(
        "--role", choices=_ROLES, default="reader", help="what it may do at most (reader)"
    )
    add.add_argument(
        "--only", action="append", metavar="LIBRARY", help="only for this library; may be repeated"
    )
    add.add_argument("--days", type=count, metavar="N", help="days after which it expires (never)")
    below(acts, "list", _run_tokens, "list all tokens, without their secrets")
    below(acts, "revoke", _run_revoke, "revoke a token at once", "id")


def _listing(commands: Any, name: str, run: Callable[..., int], help: str) -> Any:
    """A command that lists, with others below it."""
    made = command(commands, name, run, help, "docs/sharing.md says more.")
    return made.add_subparsers(metavar="COMMAND")


def _run_add(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.wiring import composition
    from assistant.wiring.people import accounts_if_any

    first = accounts_if_any(settings) is None
    if first and args.role not in (None, "owner"):
        args.misused("the first person is an owner: leave out --role")
    role: Role = args.role or ("owner" if first else "reader")
    known, password = _known(settings), _password(args)
    with known.together():
        person = known.add(args.name, password, role, args.group)
        _note(known, f"added the person {person.name} as {role}")
    if first:
        composition.conversations(settings).give(person.id)
        composition.receipts(settings).give(person.id)
        hint(
            "From now on `pincite app` and `pincite serve` require sign-in, on every server of this"
            " home; who has used them so far signs in, too."
        )
    return done(args, _row(person, "added"), f"{_described(person)} was added.")


def _run_change(args: argparse.Namespace, settings: "Settings") -> int:
    if args.role is None and args.group is None:
        args.misused("give --role, --group or --no-group")
    known = _known(settings)
    with known.together():
        person = known.change(args.name, args.role, args.group)
        groups = ", ".join(sorted(person.groups)) or "none"
        _note(known, f"changed the person {person.name}: {person.role}, groups {groups}")
    _warn_without_owner(known)
    return done(args, _row(person, "changed"), f"{_described(person)} from now on.")


def _run_passwd(args: argparse.Namespace, settings: "Settings") -> int:
    known = _known(settings)
    known.named(args.name)  # before a password is asked for
    password = _password(args)
    with known.together():
        known.set_password(args.name, password)
        _note(known, f"gave the person {args.name} a new password")
    told = f"{args.name} has a new password, and is signed out everywhere."
    return done(args, {"changed": args.name}, told)


def _run_remove(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.forget import forget_person

    known = _known(settings)
    person = known.named(args.name)
    _note(known, f"removed the person {person.name}")
    forget_person(settings, person.id)
    known.remove(args.name)  # last: after a failure the same command does the rest
    if not known.any():
        hint(
            "Nobody has an account any more. A running `pincite app` or `pincite serve` lets nobody"
            " in until it is restarted; then no sign-in is required."
        )
    _warn_without_owner(known)
    told = f"{person.name} was removed, with sessions, tokens and conversations."
    return done(args, {"removed": person.name}, told)


def _run_share(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import check_there
    from assistant.team.accounts import plain

    check_there(settings, args.library)  # a wrong name would give a right to nothing
    known = _known(settings)
    people = getattr(args, "with")
    named = ", ".join([*people, *(f"group {name}" for name in args.group)]) or "everybody"
    with known.together():
        known.share(args.library, people, args.group)
        _note(known, f"gave it to {named}", args.library)
    there = {group for each in known.people() for group in each.groups}
    for group in args.group:
        if plain(group) not in there:
            hint(f"Nobody is in the group {group} yet.")
    row = {"library": args.library, "people": people, "groups": args.group}
    return done(args, row, f"{args.library} belongs to {named}.")


def _run_list(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.wiring.people import accounts_if_any

    known = accounts_if_any(settings)
    found = known.people() if known else []
    people = [{**_row(each, "name"), "made": each.made} for each in found]
    names = {f"person {each.id}": each.name for each in found}
    shares = {
        library: sorted(_shown(holder, names) for holder in holders)
        for library, holders in (known.shares() if known else {}).items()
    }
    if args.json:
        print(json.dumps({"people": people, "libraries": shares}))
        return DONE
    for row in people:
        print(f"{row['name']}: {row['role']}", *(f"group {name}" for name in row["groups"]))
    for library, holders in sorted(shares.items()):
        print(f"library {library}: {', '.join(holders)}")
    if not people:
        hint("There are no accounts, so no sign-in is required. `pincite users add NAME` adds one.")
    return DONE


def _run_token(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import check_there
    from assistant.wiring.people import tokens

    for library in args.only or ():
        check_there(settings, library)
    known, kept = _known(settings), tokens(settings)
    person = known.named(args.name)
    _note(known, f"gave {person.name} the token {args.label}")
    made = kept.add(person, args.label, args.role, args.only, args.days)
    [about] = [one for one in kept.all() if (one.person, one.name) == (person.name, args.label)]
    done(args, {"token": made, **asdict(about)}, made)
    hint("It is shown this once.")
    return DONE


def _run_tokens(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.wiring.people import tokens

    found = tokens(settings).all()
    if args.json:
        print(json.dumps([asdict(token) for token in found]))
        return DONE
    for token in found:
        only = "all libraries" if token.libraries is None else ", ".join(token.libraries)
        until = f", until {token.until}" if token.until else ""
        print(f"{token.id}  {token.person}: {token.name} ({token.role}, {only}{until})")
    if not found:
        hint("There are no tokens. `pincite tokens add NAME --as TEXT` makes one.")
    return DONE


def _run_revoke(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.wiring.people import tokens

    kept = tokens(settings)
    if args.id in [one.id for one in kept.all()]:
        _note(_known(settings), f"revoked the token {args.id}")
    kept.revoke(args.id)
    return done(args, {"revoked": args.id}, f"The token {args.id} has ended.")


def _known(settings: "Settings") -> "Accounts":
    from assistant.wiring.people import home_accounts

    return home_accounts(settings)


def _note(known: "Accounts", did: str, library: str = "") -> None:
    from assistant.team.accounts import LOCAL

    known.note(LOCAL, did, library)


def _password(args: argparse.Namespace) -> str:
    """From the terminal, twice, or from standard input. Raises AssistantError."""
    from getpass import getpass

    from assistant.errors import AssistantError

    if args.stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    given = getpass(f"Password of {args.name}: ")
    if getpass("Once more: ") != given:
        raise AssistantError("The two passwords differ. Nothing was changed.")
    return given


def _warn_without_owner(known: "Accounts") -> None:
    people = known.people()
    if people and all(each.role != "owner" for each in people):
        hint("Nobody is an owner now. `pincite users change NAME --role owner` makes somebody one.")


def _described(person: "Person") -> str:
    groups = [f"group {name}" for name in sorted(person.groups)]
    return f"{person.name} ({', '.join([person.role, *groups])})"


def _row(person: "Person", did: str) -> dict[str, Any]:
    return {did: person.name, "role": person.role, "groups": sorted(person.groups)}


def _shown(holder: str, names: dict[str, str]) -> str:
    removed = "a person who was removed" if holder.startswith("person ") else holder
    return names.get(holder, removed)


def _run_log(args: argparse.Namespace, settings: "Settings") -> int:
    known = _known(settings)
    for line in known.lines() if known.is_there() else ():
        if args.json:
            print(json.dumps({name: text for name, text in asdict(line).items() if text}))
        else:
            about = ": ".join(filter(None, (line.library, line.what)))
            print(line.at, line.person or "a visitor", line.did, about)
    return DONE


# -- The command `pincite migrate-home`: a home goes to PostgreSQL, or its files to a bucket, and
# they come back.

_AFTER = {
    "sqlite": "Take the setting `catalogue` away now: libraries open where it says.",
    "folder": "Take the setting `files` away now: libraries open where it says.",
}

_TAKES = (
    "People and conversations would leave PostgreSQL for this home alone, and every other app"
    " server that shares them would refuse all visitors: end those, and add `--for-all-servers`."
)


def add_migration_parsers(commands: Any) -> None:
    """It is set as `run`: (arguments, settings) -> exit status."""
    made = command(
        commands, "migrate-home", _run_migrate,
        "move a home to PostgreSQL or its files to a bucket, or back",
        "`postgresql` and `sqlite` move people, conversations, receipts and the catalogues of all"
        " libraries; `s3` and `folder` move their files. Settings say where to: docs/deploy.md.",
    )  # fmt: skip
    places = ("postgresql", "sqlite", "s3", "folder")
    made.add_argument("to", choices=places, metavar="|".join(places))
    made.add_argument(
        "--for-all-servers", action="store_true",
        help="with sqlite: people and conversations leave every server that shares them",
    )  # fmt: skip


def _run_migrate(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.errors import AssistantError
    from assistant.team import moving_home

    if args.to == "sqlite" and not args.for_all_servers and moving_home.shares(settings):
        raise AssistantError(_TAKES)
    move = moving_home.move_files if args.to in ("s3", "folder") else moving_home.move_home
    rows, damaged = [], 0
    for name, moved in move(settings, args.to):
        what = {"part": name[1:-1]} if name.startswith("(") else {"library": name}
        rows.append({**what, "moved": asdict(moved) if moved else None})
        if not args.json:
            print(f"{name}: {_told(moved) if moved else 'it is there already.'}")
        for copy in getattr(moved, "damaged", ()):
            damaged += 1
            notice(f"{name}: the copy {copy[:12]} was damaged, and stays behind.")
    if args.json:
        print(json.dumps(rows))
    elif not rows:
        print("There is nothing to move yet.")
    elif args.to in _AFTER:
        print(_AFTER[args.to])
    return IN_PART if damaged else DONE


def _told(moved: "Moved | MovedRows | MovedFiles") -> str:
    from assistant.team.moving_home import MovedRows
    from vectorstore.team.moving import Moved

    if isinstance(moved, Moved):
        return (
            f"{counted(moved.documents, 'document')}, {counted(moved.passages, 'passage')};"
            f" {moved.rows:,} rows were copied and compared."
        )
    if isinstance(moved, MovedRows):
        rows = f"{moved.rows:,} row{'s' if moved.rows != 1 else ''}"
        return f"{rows} of {len(moved.tables)} tables were copied and compared."
    size = f"{moved.bytes / 1e6:,.1f} MB"
    return f"{counted(moved.files, 'file')}, {size}; all were copied, read back and compared."


# -- The commands for other programs: serve, mcp


def add_server_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    protocols = "OpenAI's protocol, an API of its own and the Model Context Protocol: docs/api.md."
    serve = add_parser(commands, "serve", "answer other programs over HTTP", protocols)
    with_address(serve, 8600, "clients")
    about = "It speaks the Model Context Protocol: docs/api.md."
    mcp = add_parser(commands, "mcp", "serve another assistant over standard input", about)
    for made, run in ((serve, _run_serve), (mcp, _run_mcp)):
        made.set_defaults(run=run, misused=made.error)


def _run_serve(args: argparse.Namespace, settings: "Settings") -> int:
    with _server_needed():
        from assistant.team.api import application
    from assistant.libraries.libraries import clear
    from assistant.ui.serving import check_names, free_port

    check_names(args.listens_at, args.host)
    clear(settings)
    port = free_port(application.PORT, args.port, args.listens_at)
    application.serve(settings, port, args.listens_at, args.host, args.token)
    return DONE


def _run_mcp(args: argparse.Namespace, settings: "Settings") -> int:
    with _server_needed():
        from assistant.team.api import mcp_server
        from assistant.team.api.served_libraries import Libraries

    with closing(Libraries(settings)) as libraries:
        mcp_server.server(libraries, changes=True).run("stdio")
    return DONE


@contextmanager
def _server_needed() -> Iterator[None]:
    """Around imports. Raises AssistantError where one is missing."""
    from assistant.errors import AssistantError
    from ingest.platform.process import needs

    try:
        yield
    except ModuleNotFoundError as error:
        raise AssistantError(needs("serve", "serve other programs")) from error
