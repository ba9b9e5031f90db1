"""Learns from feedback, and switches on what measurably helps on the user's own data."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from assistant.answering.gate import answerability
from assistant.evaluation.measuring import runs
from assistant.evaluation.runs import EvaluationRuns
from assistant.feedback import rank_weights, refusal_threshold
from assistant.feedback.examples import Example, examples
from assistant.feedback.rank_weights import Case
from assistant.feedback.ratings import Feedback, feedback
from assistant.i18n.numbers import number
from assistant.i18n.translation import N_, _
from assistant.settings import Settings
from assistant.storage.learned import Lesson, Lessons, lessons
from assistant.storage.learned_measure import MeasuredChange
from ingest.errors import Stopped
from vectorstore.library import Library
from vectorstore.retrieval.learned_ranker import Learned

Show = Callable[[str, int, int], None]  # the step, the number done, the total
_RUNS = 100  # looked through for the last one


@dataclass(frozen=True)
class Learning:
    """Of one library; what the command line and the app call."""

    library: Library
    feedback: Feedback
    runs: EvaluationRuns
    settings: Settings

    @property
    def lessons(self) -> Lessons:
        return lessons(self.library.folder)

    def learn(self, show: Show, cancel: threading.Event) -> bool:
        """Learn, and replace earlier results; False when cancelled.

        Raises PinciteError.
        """
        known = self._examples()
        cases = []
        for done, example in enumerate(known if _enough(known) else ()):
            show(example.question, done, len(known))
            if cancel.is_set():
                return False
            cases.append(Case(example, self.library.considered(example.question)))
        lesson = Lesson(datetime.now(UTC).isoformat(timespec="seconds"), _sure(known))

        def step(done: int, total: int) -> None:
            show(_("comparing"), done, total)
            if cancel.is_set():
                raise Stopped("Nothing was learned.")

        try:
            lesson = _with_ranking(lesson, cases, self.library, step)
        except Stopped:
            return False
        self.lessons.keep(self._with_threshold(lesson))
        return True

    def _examples(self) -> list[Example]:
        return examples(self.feedback, {info.document for info in self.library.documents()})

    def reset(self) -> None:
        """Back to the untouched ranking and threshold; thumbs and questions stay."""
        self.lessons.reset()

    def _with_threshold(self, lesson: Lesson) -> Lesson:
        found = refusal_threshold.judged(self.feedback.ratings(), self._last_run())
        answers = sum(one.answers for one in found)
        lesson = replace(lesson, should=(answers, len(found) - answers))
        if any(refusal_threshold.missing(lesson.should)):
            return lesson
        default = self.settings.refusal_threshold
        right = refusal_threshold.measure(found, default)
        chosen = refusal_threshold.choose(found, default) if right.low > 0 else None
        return replace(
            lesson,
            right=right,
            threshold=chosen,
            model=found[-1].model,
            gate=answerability.identity(),
        )

    def _last_run(self) -> list[dict[str, Any]]:
        """The rows of the last run that answered the person's own questions behind this gate."""
        file = str(self.feedback.mine.file.resolve())
        for run in self.runs.recent(_RUNS):
            if run.about["file"] == file and run.about.get("gate") == answerability.identity():
                return self.runs.rows(run.number)
        return []

    def figures(self) -> list[tuple[str, MeasuredChange, int]]:
        """(what, without and with what was learned, of how many questions), as far as measured."""
        lesson = self.lessons.last()
        measured = [] if lesson is None else [
            (N_("reciprocal rank of the first right page"), lesson.rank, lesson.questions),
            (N_("right page among the first 5"), lesson.hit, lesson.questions),
            (N_("right decisions to answer or to refuse"), lesson.right, sum(lesson.should)),
        ]  # fmt: skip
        return [(name, figure, n) for name, figure, n in measured if figure is not None]

    def summarise(self) -> list[str]:
        """Sentences for people: how much data there is, and what is on."""
        lesson = self.lessons.last()
        if lesson is None:
            sure = _sure(self._examples())
            more = _ranking(Lesson("", sure)) if sure < rank_weights.LEAST else []
            return [_data(self.feedback), _("Nothing has been learned yet."), *more]
        by_hand = self.settings.by_hand("refusal_threshold")
        ranked = _ranking(lesson, self._unused(lesson))
        return [_data(self.feedback), *ranked, *_refusing(lesson, by_hand)]

    def _unused(self, lesson: Lesson) -> bool:
        learned = lesson.ranking
        return learned is not None and learned.embedder != self.library.embedder().identity


def learning(settings: Settings, library: Library, person: str = "") -> Learning:
    """Of a library of the home, from the feedback of the person with that id."""
    return Learning(library, feedback(settings, library.name, person), runs(settings), settings)


def _sure(known: Sequence[Example]) -> int:
    return sum(example.sure for example in known)


def _enough(known: Sequence[Example]) -> bool:
    return _sure(known) >= rank_weights.LEAST


def _with_ranking(
    lesson: Lesson, cases: Sequence[Case], library: Library, step: Callable[[int, int], None]
) -> Lesson:
    if not cases:
        return lesson
    measured = rank_weights.measure(cases, step)
    found: Learned | None = None
    if measured.gains:
        found = rank_weights.learn(cases, library.embedder().identity)
    return replace(lesson, rank=measured.rank, hit=measured.hit, ranking=found)


# -- for people


def _data(feedback: Feedback) -> str:
    ratings, opened = feedback.ratings(), feedback.opened()
    up = sum(rating.good for rating in ratings)
    kept = len(feedback.mine.of("kept"))
    return _(
        "Questions of your own: {own}. Thumbs up: {up}, down: {down}. "
        "Answers whose citations you opened: {opened}.",
        own=kept, up=up, down=len(ratings) - up, opened=len(opened),
    )  # fmt: skip


def _ranking(lesson: Lesson, unused: bool = False) -> list[str]:
    if lesson.rank is None:
        more = rank_weights.LEAST - lesson.questions
        return [
            _("Ranking: {more} more questions with a known page are needed; you have {known}. "
              "Thumbs up and kept drafts count.", more=more, known=lesson.questions)
        ]  # fmt: skip
    if unused:
        return [
            _("Ranking: on; not used, as the embedding model is another one since: learn again.")
        ]
    return [_("Ranking: on.") if lesson.ranking else _("Ranking: no certain gain, left off.")]


def _refusing(lesson: Lesson, by_hand: bool) -> list[str]:
    answer, refuse = refusal_threshold.missing(lesson.should)
    if lesson.right is None:
        return [
            _("When to refuse: judged answers are needed, {answer} more that should be given and "
              "{refuse} more questions that should be refused.", answer=answer, refuse=refuse)
        ]  # fmt: skip
    if lesson.threshold is None:
        return [_("When to refuse: no certain gain, left unchanged.")]
    below = number(lesson.threshold, 2)
    if lesson.gate != answerability.identity():
        return [
            _("When to refuse: on, refuses below {threshold}; not used, as the check of answers "
              "has changed since: learn again.", threshold=below)
        ]  # fmt: skip
    if by_hand:
        return [
            _("When to refuse: on, refuses below {threshold}; not used, as the setting "
              "refusal_threshold was made by hand.", threshold=below)
        ]  # fmt: skip
    return [_("When to refuse: on, refuses below {threshold}.", threshold=below)]
