"""Plain patterns of instructions to an assistant, in English: a tripwire that needs no model.

Each sentence is scored by what such instructions are made of: a
demand, the assistant's own answer as its object, a form of that answer, words about assistants, and
work that only an assistant is asked for. What ordinary documents demand of their readers has one of
these, not two, or it speaks of what people handle: ink, envelopes, copies, dates, parts of an exam.
"""

import re
from functools import lru_cache

from ingest.language.dates import MONTH

INSTRUCTION = 3.5  # the score from which a sentence is one

_VERBS = (
    "act|add|analy[sz]e|answer|append|apply|augment|begin|bypass|claim|classify|compose|convert"
    "|create|decode|describe|determine|disregard|embed|emphasi[sz]e|encode|encrypt|end|enhance"
    "|explain|express|finish|forget|format|generate|give|help|highlight|identify|ignore|include"
    "|incorporate|insert|integrate|introduce|invert|list|make|mention|modify|output|override"
    "|paraphrase|pretend|print|produce|promote|provide|put|recommend|render|repeat|replace|reply|respond"
    "|return|reveal|reverse|rewrite|say|scramble|send|shift|show|spell|start|state|substitute"
    "|suggest|summari[sz]e|swap|teach|tell|transform|translate|transpose|turn|use|weave|write"
)
_OWN = "(?:answer|completion|generation|output|reply|replies|response|summary)s?"
_LANGUAGES = (
    "arabic|chinese|dutch|english|french|german|greek|hindi|italian|japanese|korean|latin|mandarin"
    "|portuguese|russian|spanish|swahili|turkish|another language"
)
_FORMS = (
    "caesar|cipher(?:ed|s|text)?|encrypt(?:ed|ion)?|encod(?:e|ed|ing)|decod(?:e|ed)|rot ?13|morse"
    "|base ?(?:16|32|58|64|85)|hexadecimal|binary code|leetspeak|pig latin|emojis?|backwards?"
    "|mirror(?:ed)?|anagram|upside[ -]down|in reverse|reverse(?:d)? (?:order|sequence|text)"
    "|(?:order|sequence) of (?:the )?(?:letters|characters|words)|(?:character|letter|word)s?['’]?"
    r" order|(?:each|every) (?:letter|character|word)|haiku|limerick|rhym\w+"
    r"|substitution|substitut\w+ (?:each|every|all|(?:the )?letters?|vowels?|words?)"
    r"|(?:all|block) caps|(?:capital|upper[- ]?case) letters|\bjson\b|in the style of"
    # Of two languages a person may choose one.
    f"|(?:to|in|into) (?:{_LANGUAGES})(?!(?:, \\w+)*,? (?:or|and) (?:{_LANGUAGES}))"
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
    "|modify|promote|highlight|suggest(?:ing)?|recommend(?:ing)?|hide"
)
_CHANGED = (
    "alter|augment|encode|encrypt|enhance|invert|modify|replace|scramble|shift|transform|translate"
)
_WITH = (
    r"(?:with (?:[\"“']|the (?:words?|phrase|sentence|name|letter)|an? (?:\w+ )?(?:link|joke|emoji"
    r"|poem|recommendation|advert))|by \w+ing)"
)
_CLAIMED = "say|state|claim|write|assert|tell|mention|include|suggest|note|explain"
_NOT_PAPER = "(?! (?:card|form|sheet|slip|envelope|booklet|letter|paper|box|book)s?\\b)"
_ITS_OWN = r"(?! of (?!this\b|the (?:document|text|passage|e?-?mail|article|above)\b))"
_BEFORE = "previous|prior|above|earlier|preceding|all|any|other|your|these|those|system"
_TOLD = "instructions?|prompts?|rules|guidelines|directions|context|documents?|question"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# What belongs to a conversation with a model, and stands in a document by no accident.
_TURN = _re(
    r"<\|(?:im_start|system|user|assistant|start_header_id|eot_id)\|>\s*\S"
    r"|\[INST\]\s*\S|<<SYS>>|<start_of_turn>\s*\S"
    r"|\"role\"\s*:\s*\"(?:system|developer)\"\s*,\s*\"content\"\s*:\s*\"\w"
)
# Without one of these a sentence speaks to nobody.
_DEMAND = _re(rf"^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:{_TO_YOU})?{_FIRST}(?:{_VERBS})\b(?! ?\d)")
_YOURS = _re(rf"\byour (?:own |whole |entire |final |next |full )?{_OWN}\b{_NOT_PAPER}")
_PLAIN = _re(  # these are enough by themselves
    r"(?<!not )(?<!n't )(?<!n’t )(?<!never )"
    r"\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\b[^.]{0,40}"
    rf"\b(?:{_BEFORE})\b[^.]{{0,25}}\b(?:{_TOLD})\b"
    r"(?! (?:on|of|in) (?:the|your|our) (?:label|box|letter|form|manual|package|leaflet))"
    r"|\b(?:is|was) (?:this|the following) (?:feedback|review|comment|tweet|sentence|text|message)"
    r"\b[^.?]{0,20}\b(?:positive|negative|neutral|sarcastic)\b"
    rf"|^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:(?:ai )?assistant|chat ?bot|language model)[,:] "
    rf"(?:please )?(?:you\b|the (?:user|answer|reader)|do not|don['’]t|never|always|{_VERBS}\b)"
    r"|\b(?:if you are|you are(?: now)?|as) (?:\w+, )?an? "
    r"(?:ai(?! (?:company|vendor|developer|provider|team))|chat ?bot|llm|large language model"
    r"|language model)\b(?=.*\byou\b|.*\b(?:without|answer|reply|respond)\b)"
    r"|\b(?:do not|don't|never) (?:answer|mention|reveal|cite) (?:the|this|any|these) (?:question"
    r"|documents?|sources?|user)\b"
    r"|\b(?:ignore|disregard) (?:the|this|that) (?:user['’]?s? )?(?:question|prompt|query)\b"
    r"(?! (?:mark|if|when|on|in))"
    r"|^\W*new instructions?:|\bforget everything\b|\binstead of answering\b"
    r"|\bwhen(?:ever)? (?:you are )?asked (?:about|for)\b[^.]*\b(?:say|answer|reply|respond)\b"
)
_SPEAKING = ((1.0, _DEMAND), (1.5, _YOURS), (INSTRUCTION, _PLAIN))
# What it then wants.
_WANTED = (
    (1.5, _re(rf"\b(?:the|this|its) (?:whole |entire |final |next |full )?{_OWN}\b{_ITS_OWN}")),
    # Something is put into the answer, or it is changed; but "include your name" is of readers.
    (
        2.0,
        _re(
            rf"\b(?:{_ADDED})\b(?! your\b).* (?:in|into|to|with|within|throughout) your {_OWN}\b"
            rf"{_NOT_PAPER}|\bin your {_OWN},? (?:please )?(?:{_ADDED})\b(?!.*\byour?\b)"
        ),
    ),
    (2.0, _re(rf"\b(?:{_CHANGED})\b.{{0,40}}\byour (?:\w+ )?{_OWN}\b")),
    (2.0, _re(rf"\b(?:{_CLAIMED}) (?:in|at the end of) your {_OWN},? that\b")),
    (2.0, _re(rf"\bin your {_OWN},? (?:please )?(?:{_CLAIMED}) that\b")),
    (2.0, _re(rf"\b(?:begin|start|end|finish) (?:each of |all )?your {_OWN} {_WITH}")),
    (1.0, _re(rf"\b(?:in|into|to|with|within|of|from|for|throughout) your \w+ {_OWN}\b")),
    (
        2.0,
        _re(
            rf"\byour {_OWN} (?:must|should|needs? to|has to|will|shall) (?:\w+ )?"
            r"(?:be (?:an?|encoded|given|only|written)\b|be in (?!confidence)|begin|consist"
            r"|contain|end|emphasi[sz]e|include|mention|promote|recommend|say|start|state|use)"
        ),
    ),
    (
        1.0,
        _re(
            rf"^\W*(?:{_POLITE}\b[\s,:!-]*)*(?:{_TO_YOU})?(?:reply|respond|answer)\b"
            r"(?! (?:to|within|by|before|the|this|no))"
        ),
    ),
    (1.5, _re(r"^\W*(?:please )?(?:reply|respond|answer)\b.*\bonly\b(?! (?:if|when)\b)")),
    (1.0, _re(r"\b(?:advertis\w+|promot\w+|special offers?|discounts?)\b")),
    (2.5, _re(r"\b(?:every|any|all) (?:answer|reply|response)s? (?:that )?you\b")),
    (2.5, _re(r"^\W*(?:reply|respond|answer) (?:to )?(?:every|any|all) questions? with\b")),
    (2.0, _re(rf"\b(?:{_FORMS})\b")),
    (0.5, _re(rf"\b(?:{_ADDED})\b|\b(?:in|of|to) your messages?\b")),
    (
        2.0,
        _re(
            r"\b(?:ai(?! \w+(?:er|ist|ment|ence|gy)\b)|llms?|chat ?bot|chatgpt|gpt"
            r"|language model)\b"
        ),
    ),
    (2.5, _re(r"\bsystem prompt\b|\byou were (?:given|told)\b|\b(?:text|words|message) above\b")),
    (2.5, _re(r"\bpretend (?:to be|that you)\b|\b(?:contents? of )?this conversation\b")),
    (1.5, _re(r"\bact as an?\b")),
    (
        2.5,  # work that people ask of assistants, not of the readers of a document
        _re(
            r"^\W*(?:[\w']+ ){0,4}(?:write|generate|create|compose|provide|give|show|tell|make)\b"
            r"[^.]{0,25}\b(?:script(?! for an?\b)|python|shell|bash|command|code snippet)\b"
            r"|\b(?:sentiment|mood|tone|emotion) (?:of|in) (?:this|the following|that)\b"
            r"|\b(?:translate|paraphrase|rewrite|rephrase|summari[sz]e|classify) (?:this|the"
            r" following)\b(?! (?:sentences|words|verbs|paragraphs|expressions)\b)"
            r"|\b(?:show|teach|tell) me how to\b"
        ),
    ),
    (  # teachers ask for these, too
        1.5,
        _re(
            r"\b(?:write|compose|give|tell|make)\b[^.]{0,25}\b(?:poem|story|joke|riddle|essay|tweet)\b"
        ),
    ),
)
# What people handle, and models do not: letters, forms, exams, devices.
_OF_PEOPLE = (
    2.0,
    _re(
        r"\b(?:ink|pencil|envelopes?|postage|by (?:post|fax|phone)|in writing|hand-?written|signed"
        r"|signatures?|letterhead|passport|certificates?|questionnaires?|booklet|answer sheet"
        r"|attend(?:ing)?|guests?|newsletter|examiners?|candidates?|margin|calculator)\b"
        r"|in your own words|scale from|\b(?:customer|reference|invoice|order|policy|account|case"
        r"|file|membership|tax|telephone"
        r"|phone|contract|student|employee|personnel) (?:number|name|id)\b"
        r"|\b(?:this|our|the enclosed|your) (?:letter|form|reference|card)\b|\bcop(?:y|ies) of\b"
        r"|\b(?:reach|tell|contact|send|write to|let|help|to) us\b|\bno later than\b"
        rf"|\bby (?:\d\d? [a-z]|noon|mon|tues|wednes|thurs|fri|satur|sun|{MONTH}\b)"
        r"|\bwithin [\w-]+ (?:\w+ )?(?:days|weeks|hours)\b"
        r"|\b(?:questions? \d+|section [a-z]|part [a-z]|(?:sentences?|words?|passage|text) below)\b"
        r"|\bof the \w+ questions\b|\bfollowing (?:sentences|words|verbs|paragraphs|expressions)\b"
        r"|\b\d+ (?:words|characters|marks|significant figures|decimal places)\b"
        r"|\b(?:unless|if you (?:are not|have|wish|want|would|need))\b"
        r"|\bat the end of the (?:report|letter|form|thesis|page|essay)\b"
    ),
)


@lru_cache(maxsize=4096)
def score(sentence: str) -> float:
    """How much a sentence is like an instruction to an assistant; from INSTRUCTION on it is one."""
    text = " ".join(sentence.split())
    if _TURN.search(text):
        return INSTRUCTION
    spoken = sum(weight for weight, pattern in _SPEAKING if pattern.search(text))
    if not spoken or _PLAIN.search(text):
        return spoken
    wanted = sum(weight for weight, pattern in _WANTED if pattern.search(text))
    weight, of_people = _OF_PEOPLE
    return spoken + wanted - weight * bool(of_people.search(text))
