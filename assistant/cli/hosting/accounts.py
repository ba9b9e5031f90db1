"""The commands about people: users, tokens."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, JSON, add_parser, below, count, hint

if TYPE_CHECKING:
    from assistant.accounts.accounts import Accounts
    from assistant.accounts.person import Person, Role
    from assistant.settings import Settings

_ROLES = ("reader", "editor", "owner")  # as in accounts.person, which would load SQLite


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    acts = _listing(commands, "users", _run_list, "list, add, change people who may sign in")
    add = below(acts, "add", _run_add, "add a person; the first one is an owner", "name")
    add.add_argument("--role", choices=_ROLES, help="what they may do (reader)")
    add.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="NAME",
        help="a group of theirs; may be repeated",
    )
    _with_password(add)
    change = below(
        acts, "change", _run_change, "give a person another role or other groups", "name"
    )
    change.add_argument("--role", choices=_ROLES, help="what they may do from now on")
    groups = change.add_mutually_exclusive_group()
    groups.add_argument("--group", action="append", metavar="NAME", help="instead of all before")
    groups.add_argument(
        "--no-group", action="store_const", const=[], dest="group", help="out of all groups"
    )
    _with_password(
        below(acts, "passwd", _run_passwd, "set a new password, and end all sessions", "name")
    )
    below(
        acts, "remove", _run_remove, "remove a person with sessions, tokens and conversations",
        "name",
    )  # fmt: skip
    share = below(
        acts, "share", _run_share, "say to whom a library belongs", "library",
        more="Without --with and --group it belongs to everybody.",
    )  # fmt: skip
    share.add_argument(
        "--with", action="append", default=[], metavar="NAME", dest="people",
        help="a person; may be repeated",
    )  # fmt: skip
    share.add_argument(
        "--group", action="append", default=[], metavar="NAME", help="a group; may be repeated"
    )
    below(acts, "list", _run_list, "list people, and libraries that are not everybody's")
    below(
        acts, "log", _run_log, "list who asked, saw, added and removed what",
        more="--json prints a line of JSON for each.",
    )  # fmt: skip
    _add_tokens(commands)


def _add_tokens(commands: Any) -> None:
    acts = _listing(
        commands,
        "tokens",
        _run_tokens,
        "list, add, end tokens for programs that call `pincite serve`",
    )
    add = below(acts, "add", _run_token, "add a token of a person; it is shown once", "name")
    add.add_argument("--as", required=True, metavar="TEXT", dest="label", help="what it is for")
    add.add_argument(
        "--role", choices=_ROLES, default="reader", help="what it may do at most (reader)"
    )
    add.add_argument(
        "--only", action="append", metavar="LIBRARY", help="for this library alone; may be repeated"
    )
    add.add_argument("--days", type=count, metavar="N", help="days after which it ends (never)")
    below(acts, "list", _run_tokens, "list all tokens, without their secrets")
    below(acts, "revoke", _run_revoke, "end a token at once", "id")


def _listing(commands: Any, name: str, run: Callable[..., int], help: str) -> Any:
    """A command that lists, with others below it."""
    made = add_parser(commands, name, help, "docs/sharing.md says more.")
    made.add_argument("--json", action="store_true", help=JSON)
    made.set_defaults(run=run)
    return made.add_subparsers(metavar="COMMAND")


def _with_password(act: argparse.ArgumentParser) -> None:
    act.add_argument("--stdin", action="store_true", help="read the password from standard input")


def _run_add(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts, accounts_if_any
    from assistant.accounts.person import LOCAL
    from assistant.build import composition

    first = accounts_if_any(settings) is None
    if first and args.role not in (None, "owner"):
        args.misused("the first person is an owner: leave out --role")
    role: Role = args.role or ("owner" if first else "reader")
    known, password = accounts(settings), _password(args)
    with known.together():
        person = known.add(args.name, password, role, args.group)
        known.note(LOCAL, f"added the person {person.name} as {role}")
    if first:
        composition.conversations(settings).give(person.id)
        composition.receipts(settings).give(person.id)
        hint(
            "`pincite app` and `pincite serve` ask who comes from now on, on every server of this"
            " home; who has used them so far signs in."
        )
    return _done(args, _row(person, "added"), f"{_described(person)} was added.")


def _run_change(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts
    from assistant.accounts.person import LOCAL

    if args.role is None and args.group is None:
        args.misused("give --role, --group or --no-group")
    known = accounts(settings)
    with known.together():
        person = known.change(args.name, args.role, args.group)
        groups = ", ".join(sorted(person.groups)) or "none"
        known.note(LOCAL, f"changed the person {person.name}: {person.role}, groups {groups}")
    _warn_without_owner(known)
    return _done(args, _row(person, "changed"), f"{_described(person)} from now on.")


def _run_passwd(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts
    from assistant.accounts.person import LOCAL

    known = accounts(settings)
    known.named(args.name)  # before a password is asked for
    password = _password(args)
    with known.together():
        known.set_password(args.name, password)
        known.note(LOCAL, f"gave the person {args.name} a new password")
    told = f"{args.name} has a new password, and is signed out everywhere."
    return _done(args, {"changed": args.name}, told)


def _run_remove(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts
    from assistant.accounts.person import LOCAL
    from assistant.forgetting.person import forget

    known = accounts(settings)
    person = known.named(args.name)
    known.note(LOCAL, f"removed the person {person.name}")
    forget(settings, person.id)
    known.remove(args.name)  # last: after a failure the same command does the rest
    if not known.any():
        hint(
            "Nobody has an account any more. `pincite app` and `pincite serve` that run let nobody"
            " in until they are started again; then they ask nobody."
        )
    _warn_without_owner(known)
    told = f"{person.name} was removed, with sessions, tokens and conversations."
    return _done(args, {"removed": person.name}, told)


def _run_share(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts, plain
    from assistant.accounts.person import LOCAL

    _check_libraries(settings, [args.library])
    known = accounts(settings)
    named = ", ".join([*args.people, *(f"group {name}" for name in args.group)]) or "everybody"
    with known.together():
        known.share(args.library, args.people, args.group)
        known.note(LOCAL, f"gave it to {named}", args.library)
    there = {group for each in known.people() for group in each.person.groups}
    for group in args.group:
        if plain(group) not in there:
            hint(f"Nobody is in the group {group} yet.")
    row = {"library": args.library, "people": args.people, "groups": args.group}
    return _done(args, row, f"{args.library} belongs to {named}.")


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
    from assistant.accounts.person import LOCAL
    from assistant.accounts.tokens import tokens

    _check_libraries(settings, args.only or ())
    known, kept = accounts(settings), tokens(settings)
    person = known.named(args.name)
    known.note(LOCAL, f"gave {person.name} the token {args.label}")
    made = kept.add(person, args.label, args.role, args.only, args.days)
    [about] = [one for one in kept.all() if (one.person, one.name) == (person.name, args.label)]
    _done(args, {"token": made, **asdict(about)}, made)
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
    if not found:
        hint("There are no tokens. `pincite tokens add NAME --as TEXT` makes one.")
    return DONE


def _run_revoke(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts
    from assistant.accounts.person import LOCAL
    from assistant.accounts.tokens import tokens

    kept = tokens(settings)
    if args.id in [one.id for one in kept.all()]:
        accounts(settings).note(LOCAL, f"revoked the token {args.id}")
    kept.revoke(args.id)
    return _done(args, {"revoked": args.id}, f"The token {args.id} has ended.")


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


def _warn_without_owner(known: "Accounts") -> None:
    people = known.people()
    if people and all(each.person.role != "owner" for each in people):
        hint("Nobody is an owner now. `pincite users change NAME --role owner` makes somebody one.")


def _described(person: "Person") -> str:
    groups = [f"group {name}" for name in sorted(person.groups)]
    return f"{person.name} ({', '.join([person.role, *groups])})"


def _row(person: "Person", did: str) -> dict[str, Any]:
    return {did: person.name, "role": person.role, "groups": sorted(person.groups)}


def _done(args: argparse.Namespace, row: dict[str, Any], words: str) -> int:
    print(json.dumps(row) if args.json else words)
    return DONE


def _shown(holder: str, names: dict[str, str]) -> str:
    kind, _, which = holder.partition(" ")
    return names.get(which, "a person who was removed") if kind == "person" else holder


def _run_log(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.accounts.accounts import accounts

    known = accounts(settings)
    for line in known.lines() if known.is_there() else ():
        if args.json:
            print(json.dumps({name: text for name, text in asdict(line).items() if text}))
        else:
            about = ": ".join(filter(None, (line.library, line.what)))
            print(line.at, line.person or "a visitor", line.did, about)
    return DONE
