"""Learns from a person's feedback, and switches on what is measured to help on their own data."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from assistant.evaluation.runs import Runs
from assistant.feedback import ranking, refusing
from assistant.feedback.examples import Example, examples
from assistant.feedback.lessons import Lesson
from assistant.feedback.ranking import Case
from assistant.feedback.ratings import Feedback
from vectorstore.learned import Learned
from vectorstore.library import Library

Show = Callable[[int, int], None]  # done, of how many


def learn(
    library: Library, feedback: Feedback, runs: Runs, threshold: float, show: Show,
    cancel: threading.Event,
) -> Lesson | None:  # fmt: skip
    """What there is to learn now, not kept yet; None when it was cancelled.

    `threshold` is the one without learning. Raises PinciteError.
    """
    known = examples(feedback, {info.document for info in library.documents()})
    cases = []
    for done, example in enumerate(known if _enough(known) else ()):
        if cancel.is_set():
            return None
        show(done, len(known))
        cases.append(Case(example, library.considered(example.question)))
    lesson = Lesson(datetime.now(UTC).isoformat(timespec="seconds"), _sure(known))
    return _with_threshold(_with_ranking(lesson, cases, library), feedback, runs, threshold)


def _sure(known: Sequence[Example]) -> int:
    return sum(example.sure for example in known)


def _enough(known: Sequence[Example]) -> bool:
    return _sure(known) >= ranking.LEAST


def _with_ranking(lesson: Lesson, cases: Sequence[Case], library: Library) -> Lesson:
    if not cases:
        return lesson
    measured = ranking.measure(cases)
    found: Learned | None = None
    if measured.gains:
        found = ranking.learn(cases, library.embedder().identity)
    return replace(lesson, rank=measured.rank, hit=measured.hit, ranking=found)


def _with_threshold(lesson: Lesson, feedback: Feedback, runs: Runs, default: float) -> Lesson:
    found = refusing.judged(feedback.ratings(), _last_run(feedback, runs))
    answers = sum(one.answers for one in found)
    lesson = replace(lesson, should=(answers, len(found) - answers))
    if any(refusing.missing(lesson.should)):
        return lesson
    right = refusing.measure(found, default)
    chosen = refusing.choose(found, default) if right.low > 0 else None
    return replace(lesson, right=right, threshold=chosen, model=found[-1].model)


def _last_run(feedback: Feedback, runs: Runs) -> list[dict[str, Any]]:
    """The rows of the last run that answered the person's own questions."""
    file = str(feedback.mine.file.resolve())
    for run in runs.recent(100):
        if run.about["file"] == file and not run.about["options"]["retrieval"]:
            return runs.rows(run.number)
    return []


# -- for people


def lines(lesson: Lesson | None, feedback: Feedback) -> list[str]:
    """How much data there is, what was measured, and what is on."""
    told = [_data(feedback)]
    if lesson is None:
        return [*told, "Nothing was learned yet: the ranking is the untouched one."]
    return [*told, *_about_ranking(lesson), *_about_refusing(lesson)]


def _data(feedback: Feedback) -> str:
    ratings, opened = feedback.ratings(), feedback.opened()
    up = sum(rating.good for rating in ratings)
    kept = len(feedback.mine.of("kept"))
    return (
        f"Questions of your own: {kept}. Thumbs up: {up}, down: {len(ratings) - up}. "
        f"Answers whose cited pages you opened: {len(opened)}."
    )


def _about_ranking(lesson: Lesson) -> list[str]:
    if lesson.rank is None or lesson.hit is None:
        more = ranking.LEAST - lesson.questions
        return [
            f"Ranking: {more} more questions whose page is known are needed; there are "
            f"{lesson.questions}. Thumbs up and drafts that you keep are such questions."
        ]
    state = "on" if lesson.ranking else "no gain that is certain, left off"
    return [
        f"Ranking, on questions it was not learned from ({lesson.questions}): {state}.",
        f"  reciprocal rank of the first right page: {lesson.rank.told()}",
        f"  right page among the first 5: {lesson.hit.told()}",
    ]


def _about_refusing(lesson: Lesson) -> list[str]:
    answer, refuse = refusing.missing(lesson.should)
    if lesson.right is None:
        return [
            f"When to refuse: judged answers are needed, {answer} more that are right to give and "
            f"{refuse} more questions that are right to refuse."
        ]
    off = "no gain that is certain, left as it was"
    state = off if lesson.threshold is None else f"on, refuses below {lesson.threshold:.2f}"
    return [
        f"When to refuse, on answers it was not learned from ({sum(lesson.should)}): {state}.",
        f"  right decisions: {lesson.right.told()}",
    ]
