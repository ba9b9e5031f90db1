"""Stages 5 to 7, attribute, complete and check: attributes sentences to lines, quotes what is left
out, and adds notices about contradictions, unread pages and instructions to an assistant."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.groundedness.checker import Groundedness
from assistant.answering.passages.best_sentences import Quoted
from assistant.answering.passages.citable_spans import states
from assistant.answering.passages.context_builder import Context
from assistant.answering.verification import (
    attribution,
    contradiction_notices,
    refusal_notices,
    unread_page_notices,
)
from assistant.answering.verification.attribution import Grounding
from assistant.answering.verification.given_names import first_pages
from assistant.answering.writing.write import Written, refuses
from assistant.contract.outcome import Citation, Outcome, Sentence
from assistant.contract.request import Request
from assistant.llm import prompts
from assistant.security import prompt_injection
from assistant.security.addresses import AddressFilter
from ingest.text.reflow import one_line

_CLOSEST = 2  # lines that a refusal shows


def refusal(
    context: Context, ranked: Sequence[Quoted], request: Request, why: Sequence[str] = ()
) -> Outcome:
    """A refusal with the closest passages and lines, and what was looked for; `ranked` are all
    sentences of the passages, best first; `why` are sentences for people."""
    said = prompts.refusal(request.question)
    closest = citations_of([quoted for quoted in ranked if states(quoted.unit)][:_CLOSEST], context)
    return Outcome(
        said, (Sentence(said, supported=False),), passages=context.passages, refused=True,
        notices=(*why, *refusal_notices.noted(context, request.question)),
        closest=tuple(
            replace(c, quote=prompt_injection.without_instructions(c.quote)) for c in closest
        ),
    )  # fmt: skip


def grounding(context: Context, request: Request, checker: Groundedness | None = None) -> Grounding:
    """What attributes an answer to the lines of its context."""
    read = context.windows + context.earlier
    embedder, about = request.evidence.embedder(), first_pages(read, request.evidence)
    return Grounding(context.question, read, embedder, about, checker)


def attribute(
    written: Written, context: Context, ranked: Sequence[Quoted], request: Request,
    found: Grounding, held: bool = False,
) -> Outcome:  # fmt: skip
    """The written answer with its citations; a refusal where the model refused, and where what it
    wrote is `held` back."""
    tokens = written.prompt_tokens, written.completion_tokens
    refused = refuses(written.text, whole=True) or not (written.text or written.stopped)
    if refused or held:
        why = () if refused else (refusal_notices.unstated(),)
        refusing = refusal(context, ranked, request, why)
        return replace(refusing, prompt_tokens=tokens[0], completion_tokens=tokens[1])
    sentences, citations = found.ground(written.text)
    return Outcome(
        written.text, sentences, citations, context.passages, stopped=written.stopped,
        prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def quote(quoted: Sequence[Quoted], context: Context) -> Outcome:
    """Sentences of the documents as the answer, each with its citation."""
    sentences = tuple(Sentence(_shown(q), True, (mark,)) for mark, q in enumerate(quoted, start=1))
    text = " ".join(sentence.text for sentence in sentences)
    return Outcome(text, sentences, citations_of(quoted, context), context.passages)


def completed(outcome: Outcome, quoted: Sequence[Quoted], context: Context) -> Outcome:
    """The outcome with sentences quoted behind it, each with its citation.

    A small model often writes half of an answer, or a fact beside it, where the reader finds the
    sentence that states it (benchmarks/results/answers.md).
    """
    for one in quoted:
        outcome = _with(outcome, f"“{_shown(one)}”", citations_of([one], context)[0])
    return outcome


def _shown(quoted: Quoted) -> str:
    """In one line; the markup of links and pictures is reduced to its words."""
    text = one_line(quoted.unit.text)
    return AddressFilter([text]).clean(text)


def _with(outcome: Outcome, text: str, lines: Citation) -> Outcome:
    place = lines.document, lines.page, lines.quote
    marks = {(c.document, c.page, c.quote): c.mark for c in outcome.citations}
    # Lines that are cited already keep their mark.
    mark = marks.get(place, len(outcome.citations) + 1)
    new = () if place in marks else (replace(lines, mark=mark),)
    return replace(
        outcome, text=f"{outcome.text}\n\n{text}",
        sentences=(*outcome.sentences, Sentence(text, True, (mark,))),
        citations=(*outcome.citations, *new),
    )  # fmt: skip


def citations_of(quoted: Sequence[Quoted], context: Context) -> tuple[Citation, ...]:
    """One for each sentence, in their order."""
    return tuple(
        attribution.citation(mark, q.unit, context.windows, q.score)
        for mark, q in enumerate(quoted, start=1)
    )


def check(outcome: Outcome, context: Context, request: Request) -> Outcome:
    """The outcome with notices: contradictions, unread pages, and instructions found."""
    outcome = contradiction_notices.noted(outcome, context, request.evidence)
    outcome = unread_page_notices.noted(outcome, request.evidence, request.alone)
    return prompt_injection.noted(outcome)
