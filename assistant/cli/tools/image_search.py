"""`pincite search` for pictures: by words, or by a similar picture."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, opened

if TYPE_CHECKING:
    from assistant.settings import Settings
    from vectorstore.images.image_search import PictureHit

_SHOWN = 160  # characters of a picture's words that are printed


def run(args: argparse.Namespace, settings: "Settings") -> int:
    """`args` has `image` or `pictures`, and `k` and `json`."""
    from assistant.attachments import attached_files
    from assistant.images.vision.image_facts import first

    wanted = first(attached_files.checked(args.image)) if args.image else None
    with opened(settings) as library:
        if wanted is not None:
            hits = library.pictures.similar(wanted, args.k, _tell)
        else:
            hits = library.pictures.named(args.pictures, args.k, _tell)
    if args.json:
        print(json.dumps([_row(hit) for hit in hits]))
    else:
        _print(hits)
    return DONE


def _tell(document: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rLooking at pictures of {document} ({done + 1} of {total})\033[K", file=sys.stderr)


def _row(hit: "PictureHit") -> dict[str, Any]:
    box = [round(side, 2) for side in hit.box]
    row = {"document": hit.document, "page": hit.page, "box": box, "score": hit.score}
    more = {"text": hit.words, "seconds": hit.seconds}
    return row | {name: value for name, value in more.items() if value not in ("", None)}


def _print(hits: "list[PictureHit]") -> None:
    from assistant.contract.outcome import place

    if not hits:
        print("Nothing found.")
    for number, hit in enumerate(hits, start=1):
        text = " ".join(hit.words.split())
        short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        print(f"{number}. {hit.document}, {place(hit.page, hit.seconds)}  ({hit.score:.2f})")
        if short:
            print(f"   {short}")
