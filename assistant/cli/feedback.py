"""The words of `eval` for feedback: `eval rate ID up|down|none` and `eval learn [--reset]`."""

import argparse
import json
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.cli import progress_bars
from assistant.cli.shared import DONE, notice, opened

if TYPE_CHECKING:
    from assistant.settings import Settings

_THUMBS = {"up": True, "down": False, "none": None}


def rate(args: argparse.Namespace, settings: "Settings", words: Sequence[str]) -> int:
    """The answer is known by its id, as in `replay`."""
    from assistant.build import composition
    from assistant.feedback.ratings import REPLIES, feedback

    id, thumb = words
    if thumb not in _THUMBS:
        args.misused(f"a thumb is up, down or none, not {thumb!r}")
    receipt = composition.receipts(settings).get(id)
    kept = feedback(settings, receipt.library or settings.library)
    replies = receipt.meant not in ("", receipt.answer["question"])
    kept.rate({**receipt.answer, REPLIES: replies}, _THUMBS[thumb])
    if args.json:
        print(json.dumps({"id": receipt.id, "rating": thumb, "file": str(kept.mine.file)}))
    else:
        notice(f"{receipt.answer['question']} ({thumb})")
    return DONE


def learn(args: argparse.Namespace, settings: "Settings", _: Sequence[str]) -> int:
    """Learns and prints the result; with --reset discards it."""
    from assistant.evaluation.running import EvaluationStep
    from assistant.feedback.learning import learning
    from assistant.storage.learned import to_row

    with opened(settings) as library, progress_bars.measuring() as (_adding, asking):
        found = learning(settings, library)
        if args.reset:
            found.reset()
        else:
            found.learn(
                lambda now, done, total: asking(EvaluationStep(done, total, now)), threading.Event()
            )
        told, lesson, figures = found.summarise(), found.lessons.last(), found.figures()
    if args.json:
        about = {"library": settings.library, "told": told}
        print(json.dumps(about | {"lesson": lesson and to_row(lesson)}))
    else:
        print(
            *told,
            *(f"  {name}, of {n}: {figure.summarise()}" for name, figure, n in figures),
            sep="\n",
        )
    return DONE
