"""The commands about people: users, tokens."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, count, hint

if TYPE_CHECKING:
    from assistant.accounts.person import Role
    from assistant.settings import Settings

_ROLES = ("reader", "editor", "owner")  # as in accounts.person, which would load SQLite


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    users = commands.add_parser("users", help="people who may sign in, and what they see")
    acts = users.add_subparsers(metavar="ACTION", required=True)
    add = _act(acts, "add", _run_add, "a new person; the first one is an owner")
    add.add_argument("--role", choices=_ROLES, help="what they may do (reader)")
    add.add_argument("--group", action="append", default=[], metavar="NAME", help="repeatable")
    _with_password(add)
    change = _act(acts, "change", _run_change, "another role, or other groups")
    change.add_argument("--role", choices=_ROLES)
    change.add_argument("--group", action="append", metavar="NAME", help="instead of all before")
    _with_password(_act(acts, "passwd", _run_passwd, "a new password; ends all sessions"))
    _act(acts, "remove", _run_remove, "the person with sessions, tokens and conversations")
    share = acts.add_parser("share", help="say to whom a library belongs; to all without a name")
    share.add_argument("library", metavar="LIBRARY")
    share.add_argument("--with", action="append", default=[], metavar="NAME", dest="people")
    share.add_argument("--group", action="append", default=[], metavar="NAME")
    share.set_defaults(run=_run_share)
    listed = acts.add_parser("list", help="people, and libraries that are not everybody's")
    listed.add_argument("--json", action="store_true", help="print JSON and nothing else")
    listed.set_defaults(run=_run_list)
    _add_tokens(commands)


def _add_tokens(commands: Any) -> None:
    tokens = commands.add_parser("tokens", help="tokens for programs that call `pincite serve`")
    acts = tokens.add_subparsers(metavar="ACTION", required=True)
    add = _act(acts, "add", _run_token, "a token of a person; it is shown once")
    add.add_argument("--as", required=True, metavar="TEXT", dest="label", help="what it is for")
    add.add_argument("--role", choices=_ROLES, default="reader", help="at most (reader)")
    add.add_argument(
        "--only", action="append", metavar="LIBRARY", help="for this library alone; repeatable"
    )
    add.add_argument("--days", type=count, help="after which it ends (never)")
    listed = acts.add_parser("list", help="all tokens, without their secrets")
    listed.add_argument("--json", action="store_true", help="print JSON and nothing else")
    listed.set_defaults(run=_run_tokens)
    revoke = acts.add_parser("revoke", help="end a token at once")
    revoke.add_argument("id", metavar="ID")
    revoke.set_defaults(run=_run_revoke)


def _act(acts: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = acts.add_parser(name, help=help)
    made.add_argument("name", metavar="NAME")
    made.set_defaults(run=run)
    return made


def _with_password(act: argparse.ArgumentParser) -> None:
    act.add_argument("--stdin", action="store_true", help="read the password from standard input")


def _run_add(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts, accounts_if_any
    from assistant.build import composition

    first = accounts_if_any(settings) is None
    role: Role = args.role or ("owner" if first else "reader")
    person = accounts(settings).add(args.name, _password(args), role, args.group)
    _note(settings, f"added the person {person.name} as {role}")
    if first:
        composition.conversations(settings).give(person.id)
        composition.receipts(settings).give(person.id)
        hint(
            "`pincite app` and `pincite serve` ask who comes from now on, on every server of this"
            " home; who has used them so far signs in."
        )
    return DONE


def _run_change(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts

    person = accounts(settings).change(args.name, args.role, args.group)
    groups = ", ".join(sorted(person.groups))
    _note(settings, f"changed the person {person.name}: {person.role}, groups {groups or 'none'}")
    return DONE


def _run_passwd(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts

    known = accounts(settings)
    known.named(args.name)  # before a password is asked for
    known.set_password(args.name, _password(args))
    _note(settings, f"gave the person {args.name} a new password")
    return DONE


def _run_remove(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts
    from assistant.forgetting.person import forget

    known = accounts(settings)
    person = known.named(args.name)
    forget(settings, person.id)
    known.remove(args.name)  # last: after a failure the same command does the rest
    _note(settings, f"removed the person {person.name}")
    if not known.any():
        hint(
            "Nobody has an account any more. `pincite app` and `pincite serve` that run let nobody"
            " in until they are started again; then they ask nobody."
        )
    return DONE


def _run_share(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts

    _check_libraries(settings, [args.library])
    accounts(settings).share(args.library, args.people, args.group)
    named = ", ".join([*args.people, *(f"group {name}" for name in args.group)])
    _note(settings, f"gave it to {named or 'everybody'}", args.library)
    return DONE


def _run_list(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts_if_any

    known = accounts_if_any(settings)
    people = [
        {"name": each.person.name, "role": each.person.role, "groups": sorted(each.person.groups),
         "made": each.made}
        for each in (known.people() if known else ())
    ]  # fmt: skip
    names = {each.person.id: each.person.name for each in (known.people() if known else ())}
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
        hint("Nobody has an account, so nobody is asked. `pincite users add NAME` begins.")
    return DONE


def _run_token(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts
    from assistant.accounts.tokens import tokens

    _check_libraries(settings, args.only or ())
    person = accounts(settings).named(args.name)
    made = tokens(settings).add(person, args.label, args.role, args.only, args.days)
    _note(settings, f"gave {person.name} the token {args.label}")
    print(made)
    hint("It is shown this once.")
    return DONE


def _run_tokens(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.tokens import tokens

    found = tokens(settings).all()
    if args.json:
        print(json.dumps([asdict(token) for token in found]))
        return DONE
    for token in found:
        only = "all libraries" if token.libraries is None else ", ".join(token.libraries)
        until = f", until {token.until}" if token.until else ""
        print(f"{token.id}  {token.person}: {token.name} ({token.role}, {only}{until})")
    return DONE


def _run_revoke(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.tokens import tokens

    tokens(settings).revoke(args.id)
    _note(settings, f"revoked the token {args.id}")
    return DONE


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


def _check_libraries(settings: "Settings", names: Sequence[str]) -> None:
    """Raises UnknownLibrary: a wrong name would give a right to nothing."""
    from assistant.build import composition
    from vectorstore.errors import UnknownLibrary

    known = composition.libraries(settings)
    for name in names:
        if name not in known:
            raise UnknownLibrary(name, known)


def _shown(holder: str, names: dict[str, str]) -> str:
    kind, _, which = holder.partition(" ")
    return names.get(which, "a person who was removed") if kind == "person" else holder


def _note(settings: "Settings", did: str, library: str = "") -> None:
    from assistant.accounts.audit import Audit
    from assistant.accounts.person import LOCAL

    log = Audit(settings.home / "audit", "commands")
    log.note(LOCAL, did, library)
    log.close()
