"""The words of an explanation: for each part its title and one plain sentence, and names of what
is counted. They are translated where they are shown."""

from typing import NamedTuple

from assistant.i18n.translation import N_


class Lesson(NamedTuple):
    """Of one part."""

    title: str
    sentence: str


LESSONS = {
    "question": Lesson(
        N_("Question"),
        N_("A question is completed by what was said before, taken apart where it asks several "
        "things, and given to the tool that it seems to ask for."),
    ),
    "found": Lesson(
        N_("Search"),
        N_("Passages are searched by meaning and by words at once; what each search finds is added "
        "up, and a small model that has learned to read may order the best ones again."),
    ),
    "read": Lesson(
        N_("Reading"),
        N_("The model reads only the best passages, because each token, about three quarters of a "
        "word, costs time."),
    ),
    "gate": Lesson(
        N_("Gate"),
        N_("Before a word is written, signals are added up to a probability that the passages hold "
        "the answer; below the threshold the question is refused."),
    ),
    "written": Lesson(
        N_("Writing"),
        N_("The model writes token by token and takes the likeliest each time; the stronger the "
        "colour, the less likely it was."),
    ),
    "computed": Lesson(
        N_("Program"),
        N_("A question to a table becomes a small program; code computes it, not the model, which "
        "would guess, and each cell is cited."),
    ),
    "whole": Lesson(
        N_("Parts"),
        N_("The whole document is read part by part; only what stands on a line is kept, and where "
        "a model named it, only what it confirms when it is asked for that alone."),
    ),
    "compared": Lesson(
        N_("Comparing"),
        N_("Parts of both documents that are about the same matter are paired by their meaning, "
        "and of each pair those statements are quoted that are nearest to each other, rather where "
        "their figures differ."),
    ),
    "looked": Lesson(
        N_("Looking"),
        N_("What is written on a picture is recognised line by line and may be cited; what it "
        "shows is told by another model in its own words, and is never evidence."),
    ),
    "heard": Lesson(
        N_("Listening"),
        N_("A recording is cut into pieces of speech, and the model writes down each of them with "
        "how sure it is; what it would write over noise is left out."),
    ),
    "sentences": Lesson(
        N_("Citing"),
        N_("Each finished sentence is compared with the lines that were read; the small numbers "
        "behind a word name the lines that have it."),
    ),
    "seconds": Lesson(
        N_("Time"),
        N_("Reading and writing take longest, because every token passes through the whole model."),
    ),
}  # fmt: skip

SHARES = {
    "vectors": N_("meaning"), "words": N_("words"), "document": N_("document"),
    "neighbours": N_("pages beside"), "named": N_("named in the question"),
}  # fmt: skip

SIGNALS = {
    "bias": N_("starting point"),
    "sentence_cosine": N_("nearness of the best sentence"),
    "covered": N_("share of the question's words that were read"),
    "yes_log_odds": N_("the chat model's own “yes”"),
    "reader_odds": N_("the reader's opinion of the best passage"),
}

OPERATIONS = {
    "lookup": N_("look up a cell"), "growth": N_("growth"), "difference": N_("difference"),
    "ratio": N_("ratio"), "share": N_("share"), "sum": N_("sum"), "average": N_("average"),
    "highest": N_("the highest"), "lowest": N_("the lowest"), "count": N_("count"),
}  # fmt: skip

CHECKS = {
    "explained": N_("share of the question's words that the cells explain"),
    "operation": N_("the model's probability of this computation"),
    "column": N_("the model's probability of this column"),
    "held": N_("the model's log-odds that the list holds the answer"),
}

STAGES = {
    "retrieve": N_("searching"), "rank": N_("comparing lines"), "wait": N_("waiting for the model"),
    "judge": N_("reading and judging"), "write": N_("writing"), "attribute": N_("citing"),
    "check": N_("checking"), "other": N_("everything else"),
}  # fmt: skip

VERDICTS = {
    "refuse": N_("refused"), "unsure": N_("the model may refuse"), "sure": N_("to be answered"),
}  # fmt: skip
