"""Runs the commands about models and this machine: `models ...`, `doctor`, `bundle`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from assistant.bundle import write_bundle
from assistant.cli.shared import DONE, FAILED, IN_PART, done, hint
from assistant.doctor.checks import checks, print_table
from assistant.errors import AssistantError
from assistant.models.catalogue import BY_CHOICE, defaults, missing_extra
from assistant.models.fetch import progress_bar
from assistant.models.installed import AUTO, OFF, Models, rows, table
from assistant.settings import Settings
from assistant.wiring.chosen_models import in_use, missing_defaults, reader, use
from ingest.platform.process import needs


def _bundle(args: argparse.Namespace, settings: Settings) -> int:
    folder: Path = args.dir
    write_bundle(
        folder, settings, args.library, models=not args.no_models,
        say=hint,
    )  # fmt: skip
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    words = f"{folder}: {size / 1e6:,.0f} MB. On the other machine: sh {folder.name}/install.sh"
    return done(args, {"folder": str(folder), "bytes": size}, words)


_GIVEN = {  # to a server, by its role
    "chat": "your questions and the passages that are read",
    "embedding": "the text of all documents that are added, and your questions",
}


def _list(args: argparse.Namespace, settings: Settings) -> int:
    listed = rows(Models(settings))
    if args.json:
        print(json.dumps(listed))
    else:
        table(listed)
    return DONE


def _pull(args: argparse.Namespace, settings: Settings) -> int:
    if args.path and len(args.names) != 1:
        args.misused("--from takes exactly one NAME")
    names = args.names or _defaults()
    pulled, failed = _pull_all(Models(settings), names, args)
    if found := reader(settings):
        found.prepare()  # so that the first question does not wait for it
    if args.json:
        print(json.dumps({"pulled": pulled, "failed": failed}))
    return FAILED if not pulled else IN_PART if failed else DONE


def fetch_searching(settings: Settings) -> None:
    """Fetch the models that search, where none is here; what they weigh is said before. Raises
    AssistantError."""
    missing = [one for one in missing_defaults(settings) if one.role == "embedding"]
    if not missing or in_use(settings, "embedding").name:
        return
    size = sum(one.bytes or 0 for one in missing) / 1e6
    hint(f"First the models that search are fetched, once: {size:,.0f} MB.")
    for one in missing:
        with progress_bar() as progress:
            Models(settings).pull(one.name, progress)


def _defaults() -> list[str]:
    """Those that this installation can run; the others are named with what they need."""
    for model in defaults():
        if extra := missing_extra(model.role):
            hint(f"Left out: {model.name}. {needs(extra, 'run it')}")
    return [model.name for model in defaults() if not missing_extra(model.role)]


def _pull_all(
    models: Models, names: list[str], args: argparse.Namespace
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    pulled, failed = [], []
    for name in names:
        try:
            with progress_bar() as progress:
                path = models.pull(name, progress, args.source, args.path)
        except AssistantError as error:
            failed.append({"name": name, "error": str(error)})
            hint(str(error))
        else:
            pulled.append({"name": name, "path": str(path)})
            hint(f"{name} is in {path}")
    return pulled, failed


_MEASURE = (
    "Whether it helps is not known: `pincite eval DIR` with it and with `pincite models use {role} "
    "off`, then `pincite eval compare A B`, tell it for your questions."
)


def _use(args: argparse.Namespace, settings: Settings) -> int:
    choice = use(settings, args.role, args.name)
    name, path, named = choice.name, choice.path, settings.model(args.role)
    words = str(path) if path else f"{name}, from an installed package"
    if name.startswith("http"):
        words = f"{name}. It gets {_GIVEN[args.role]}."
    elif args.role in BY_CHOICE and name in (AUTO, OFF):
        words = "none"
    row = {"role": args.role, "path": str(path) if path else None}
    done(args, row, f"{args.role}: {words}")
    if named:
        variable = f"PINCITE_{settings.field_of(args.role).upper()}"
        hint(f"Note: {variable} (or settings.toml) says {named}, which takes precedence.")
    elif path and args.role in BY_CHOICE:
        hint(_MEASURE.format(role=args.role))
    return DONE


def _remove(args: argparse.Namespace, settings: Settings) -> int:
    Models(settings).remove(args.name)
    return done(args, {"removed": args.name}, f"{args.name} was removed.")


_REMEDIES = {
    "ok": "",
    "damaged": ": fetch it again with `pincite models remove {0} && pincite models pull {0}`",
    "missing": ": fetch it with `pincite models pull {0}`",
}


def _verify(args: argparse.Namespace, settings: Settings) -> int:
    with progress_bar() as progress:
        states = Models(settings).verify(progress)
    rows = [{"name": name, "state": state} for name, state in states.items()]
    lines = [f"{name}: {state}{_REMEDIES[state].format(name)}" for name, state in states.items()]
    none = "There is no model on this disk yet. Fetch the defaults: pincite models pull"
    done(args, rows, "\n".join(lines) or none)
    return DONE if all(state == "ok" for state in states.values()) else FAILED


def _doctor(args: argparse.Namespace, settings: Settings) -> int:
    found = checks(settings)
    if args.json:
        print(json.dumps([asdict(check) for check in found]))
    else:
        print_table(found)
    return FAILED if any(check.severity == "error" for check in found) else DONE
