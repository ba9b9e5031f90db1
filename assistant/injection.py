"""Finds sentences of documents that instruct an assistant, so that they stay out of prompts.

A small model obeys what it reads. Each sentence is scored by what such instructions are made of: a
demand, the assistant's own answer as its object, a form of that answer, words about assistants, and
work that only an assistant is asked for. What ordinary documents demand of their readers has one of
these, not two.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from assistant.reply import Outcome, Passage
from assistant.sentences import spans

INSTRUCTION = 3.5  # the score from which a sentence is one
_QUOTED = 90  # characters of it that people are shown
_NAMED = 3  # passages

_VERBS = (
    "act|add|analy[sz]e|answer|append|apply|augment|begin|bypass|claim|classify|compose|convert"
    "|create|decode|describe|determine|disregard|embed|emphasi[sz]e|encode|encrypt|end|enhance"
    "|explain|express|finish|forget|format|generate|give|help|highlight|identify|ignore|include"
    "|incorporate|insert|integrate|introduce|invert|list|make|mention|modify|override|paraphrase"
    "|pretend|print|produce|promote|provide|put|recommend|render|repeat|replace|reply|respond"
    "|return|reveal|reverse|rewrite|say|scramble|send|shift|show|spell|start|state|substitute"
    "|suggest|summari[sz]e|swap|teach|tell|transform|translate|transpose|turn|use|weave|write"
)
_OWN = "(?:answer|completion|generation|message|output|reply|replies|response|summary)s?"
_LANGUAGES = (
    "arabic|chinese|dutch|english|french|german|greek|hindi|italian|japanese|korean|latin|mandarin"
    "|portuguese|russian|spanish|swahili|turkish|another language"
)
_FORMS = (
    "caesar|cipher(?:ed|s|text)?|encrypt(?:ed|ion)?|encod(?:e|ed|ing)|decod(?:e|ed)|rot ?13|morse"
    "|base ?(?:16|32|58|64|85)|hexadecimal|binary code|leetspeak|pig latin|emojis?|backwards?"
    "|mirror(?:ed)?|anagram|upside[ -]down|in reverse|reverse(?:d)? (?:order|sequence|text)"
    "|(?:order|sequence) of (?:the )?(?:letters|characters|words)|(?:character|letter|word)s?['’]?"
    r" order|(?:each|every) (?:letter|character|word)|substitut\w+|haiku|limerick|rhym\w+"
    f"|(?:to|in|into) (?:{_LANGUAGES})"
)
_POLITE = "(?:and|also|now|then|instead|first|finally|next|please|kindly|important|attention|note)"
_TO_YOU = (
    "(?:can|could|would|will) you (?:please )?|you (?:must|should|need to|have to|are to|will)"
    " (?:always |now )?|(?:be sure|make sure|remember|do not forget|don't forget) to"
    " |i (?:want|need|would like) you to "
)
_FIRST = "(?:(?:in|to|at|for|with|from|before|after|when|while) [^,]{1,60}, (?:please )?)?"
_ADDED = (
    "add|append|include|incorporate|insert|integrate|introduce|embed|weave|mention|augment|enhance"
    "|modify|promote|highlight|suggest(?:ing)?|recommend(?:ing)?|end|begin|start"
)
_BEFORE = "previous|prior|above|earlier|preceding|all|any|other|your|these|those|system"
_TOLD = "instructions?|prompts?|rules|guidelines|directions|context|documents?|question"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Without one of these a sentence speaks to nobody.
_DEMAND = _re(rf"^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:{_TO_YOU})?{_FIRST}(?:{_VERBS})\b(?! ?\d)")
_YOURS = _re(rf"\byour (?:own |whole |entire |final |next |full )?{_OWN}\b")
_PLAIN = _re(  # these are enough by themselves
    r"(?<!not )(?<!n't )(?<!n’t )(?<!never )"
    r"\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\b[^.]{0,40}"
    rf"\b(?:{_BEFORE})\b[^.]{{0,25}}\b(?:{_TOLD})\b"
    r"|\b(?:is|was) (?:this|the following) (?:feedback|review|comment|tweet|sentence|text|message)"
    r"\b[^.?]{0,20}\b(?:positive|negative|neutral|sarcastic)\b"
    rf"|^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:(?:ai )?assistant|chat ?bot|language model)[,:] "
    r"|\b(?:if you are|you are(?: now)?|as) (?:\w+, )?an? "
    r"(?:ai(?! (?:company|vendor|developer|provider|team))|chat ?bot|llm|large language model"
    r"|language model)\b(?=.*\byou\b|.*\b(?:without|answer|reply|respond)\b)"
    r"|\b(?:do not|don't|never) (?:answer|mention|reveal|cite) (?:the|this|any|these) (?:question"
    r"|documents?|sources?|user)\b"
    r"|\bwhen(?:ever)? (?:you are )?asked (?:about|for)\b[^.]*\b(?:say|answer|reply|respond)\b"
)
_SPEAKING = ((1.0, _DEMAND), (1.5, _YOURS), (INSTRUCTION, _PLAIN))
# What it then wants.
_WANTED = (
    (1.5, _re(rf"\b(?:the|this|its) (?:whole |entire |final |next |full )?{_OWN}\b")),
    (1.0, _re(rf"\b(?:in|into|to|with|within|of|from|for|throughout) your \w*\s?{_OWN}\b")),
    (2.0, _re(rf"\byour {_OWN} (?:must|should|needs? to|has to|will|shall)\b")),
    (
        1.0,
        _re(
            rf"^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:{_TO_YOU})?(?:reply|respond|answer)\b"
            r"(?! (?:to|within|by|before|the|this|no))"
        ),
    ),
    (1.5, _re(r"^\W*(?:please )?(?:reply|respond|answer)\b.*\bonly\b")),
    (2.0, _re(rf"\b(?:{_FORMS})\b")),
    (1.0, _re(rf"\b(?:{_ADDED})\b")),
    (2.0, _re(r"\b(?:ai|llms?|chat ?bot|chatgpt|gpt|language model)\b")),
    (2.5, _re(r"\bsystem prompt\b|\byou were (?:given|told)\b|\b(?:text|words|message) above\b")),
    (2.5, _re(r"\bpretend (?:to be|that you)\b|\b(?:contents? of )?this conversation\b")),
    (1.5, _re(r"\bact as an?\b")),
    (
        2.5,  # work that people ask of assistants, not of the readers of a document
        _re(
            r"^\W*(?:[\w']+ ){0,4}(?:write|generate|create|compose|provide|give|show|tell|make)\b"
            r"[^.]{0,25}\b(?:script|python|shell|bash|command|code snippet|poem|story|joke|riddle"
            r"|essay|tweet|lyrics)\b"
            r"|\b(?:sentiment|mood|tone|emotion) (?:of|in) (?:this|the following|that)\b"
            r"|\b(?:translate|paraphrase|rewrite|rephrase|summari[sz]e|classify) (?:this|the"
            r" following)\b|\b(?:show|teach|tell) me how to\b"
        ),
    ),
)


def score(sentence: str) -> float:
    """How much a sentence is like an instruction to an assistant; from INSTRUCTION on it is one."""
    text = " ".join(sentence.split())
    spoken = sum(weight for weight, pattern in _SPEAKING if pattern.search(text))
    return spoken and spoken + sum(weight for weight, pattern in _WANTED if pattern.search(text))


@lru_cache(maxsize=512)
def instructions(text: str) -> tuple[tuple[int, int], ...]:
    """Where such sentences begin and end."""
    return tuple(span for span in _sentences(text) if score(text[slice(*span)]) >= INSTRUCTION)


def without_instructions(text: str) -> str:
    """The text as a model may read it."""
    kept, last = [], 0
    for start, end in instructions(text):
        kept.append(text[last:start].rstrip(" "))
        last = end
        if text[:start].endswith("\n"):  # no empty line is left behind
            last += len(text[end:]) - len(text[end:].lstrip("\n"))
    return "".join([*kept, text[last:]]).strip() if kept else text


def noted(outcome: Outcome) -> Outcome:
    """With the sentences flagged in the passages, and a notice for each passage that has some."""
    passages = tuple(replace(p, instructions=_found(p)) for p in outcome.passages)
    told = [_notice(passage) for passage in passages if passage.instructions][:_NAMED]
    return replace(outcome, passages=passages, notices=(*outcome.notices, *told))


def _found(passage: Passage) -> tuple[str, ...]:
    return tuple(" ".join(passage.text[a:b].split()) for a, b in instructions(passage.text))


def _notice(passage: Passage) -> str:
    said = passage.instructions[0]
    quote = said if len(said) <= _QUOTED else f"{said[:_QUOTED]}…"
    return (
        f"A passage of {passage.document}, page {passage.page}, contains instructions to an "
        f"assistant (“{quote}”); they were not followed."
    )


def _sentences(text: str) -> Sequence[tuple[int, int]]:
    """Each by itself, and those that were wrapped over two lines together."""
    found: list[tuple[int, int]] = []
    for start, end in spans(text):
        if found and _wrapped(text[slice(*found[-1])], text[found[-1][1] : start], text[start:end]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _wrapped(before: str, between: str, after: str) -> bool:
    return between == "\n" and not before.endswith((".", "!", "?", ":")) and after[:1].islower()
