"""Is a chart of numbers from a table wished for? Rules on the core of a message.

"The chart on page 7" is one that there is, and asking for it is a question to the documents.
"""

import re

from assistant.contract.intents import Chart
from assistant.routing.rules.draw_lexicon import MAKE as _MAKE
from assistant.routing.rules.draw_lexicon import ONE as _ONE
from assistant.routing.rules.draw_requests import Found
from assistant.routing.rules.politeness import Reading, asks, core, is_question, readings
from assistant.routing.slots import chart_kind, tidy

_CHART_NOUN = (
    r"(?:(?:bar|column|line|pie|area|stacked|horizontal|vertical|doughnut|donut|trend)[- ]?\s*)*"
    r"(?:charts?|graphs?|plots?|histograms?|curves?|pie|trend ?lines?)"
)
_NUMBERS = re.compile(
    r"\b(?:budgets?|costs?|revenues?|sales|profits?|incomes?|numbers?|figures|count|counts"
    r"|headcounts?|expenses"
    r"|spending|per|by|over (?:time|the)|each|years?|months?|quarters?|quarterly|monthly|yearly"
    r"|annual|shares?"
    r"|rates?|margins?|prices?|rents?|staff|employees|values|data|amounts?|turnover|growth"
    r"|percentages?|statistics"
    r"|assets|units|hours|days|salaries|energy|consumption|emissions)\b",
    re.IGNORECASE,
)
_NO_CHART = re.compile(
    r"\b(?:chart|charts) of accounts\b|\bchart an? (?:vessel|ship|boat|yacht|plane|flight|bus"
    r"|course)\b|\b(?:org|organi[sz]ation(?:al)?|flow|gantt|seating|flip"
    r"|eye|nautical)[- ]?(?:chart|diagram)s?\b"
    r"|\bplot (?:of (?:the|a)\s+)?(?:land|summary|novel|story|film|book|twist)\b|\b(?:plot"
    r"|chart) (?:a|the|our|your) "
    r"(?:course|route|path|way)\b|\bchart (?:number|no\.?)?\s*\d",
    re.IGNORECASE,
)
_CHARTING = re.compile(
    r"^(?:(?:re)?plot(?:ting)?|charting|chart"
    r"|graph(?:ing)?)\b\s*(?P<colon>:)?\s*(?:out\s+)?(?P<what>.*)",
    re.IGNORECASE,
)
_MAKE_CHART = re.compile(
    rf"^(?:(?:{_MAKE}|draw|sketch|plot|build|display|render)\s+(?:me\s+|us\s+)?(?:up\s+)?)?"
    rf"(?P<one>(?:{_ONE}|the)\s+)?(?:(?:nice|simple|quick|small|coloured|new|comparative"
    rf"|visual)\s+)*"
    rf"(?P<noun>{_CHART_NOUN}|diagrams?)(?:\s*(?P<colon>:)|\s+(?P<link>of|for|showing|with"
    rf"|about|on|that shows"
    rf"|which shows|comparing|from|to show|displaying|visuali[sz]ing|plotting)\b"
    rf"|\s+(?P<late>(?:which|that)\b))\s*(?P<what>.+)",
    re.IGNORECASE,
)
_AS_CHART = re.compile(
    rf"^(?:(?:{_MAKE}|draw|display|present|visuali[sz]e|plot|render|put|turn|convert|depict"
    rf"|represent|transform|chart|graph|compare"
    rf"|illustrate)\s+(?:me\s+|us\s+)?)(?P<what>.+?)[,]?\s+(?:(?:as|in|into|in the form of|with"
    rf"|by)\s+(?:an?\s+)?(?:\w+\s+)?"
    rf"(?P<noun>{_CHART_NOUN}|(?:bars|lines|columns)|diagrams?)|(?P<graphic>graphically"
    rf"|visually))\W*$",
    re.IGNORECASE,
)
_BARE_AS_CHART = re.compile(
    rf"^(?!(?:show|put|turn|make|draw"
    rf"|give)\b)(?P<what>.+?),?\s+as\s+(?:an?\s+)?(?:\w+\s+)?(?P<noun>{_CHART_NOUN}|bars|lines"
    rf"|columns)\W*$",
    re.IGNORECASE,
)
_PLOTTED = re.compile(
    rf"^(?:{_MAKE}\s+(?:me\s+|us\s+)?)(?P<what>.+?)\s+(?:plotted|charted|graphed)\b(?P<rest>.*)",
    re.IGNORECASE,
)
_PLOT_IT = re.compile(
    r"^(?P<what>.*?)[,;.?!]*\s*\b(?:and\s+|then\s+|please\s+)*(?P<verb>plot|chart"
    r"|graph)\s+(?:it|that|this|them|these|those"
    r"|the (?:numbers|figures|values|result|results))\W*$",
    re.IGNORECASE,
)
# Draw or show "the revenue by year": numbers over something that they belong to.
_DRAWN_NUMBERS = re.compile(
    r"^(?:draw|visuali[sz]e|sketch)\s+(?:me\s+|us\s+)?(?P<what>(?:the|our|all"
    r"|my)?\s*(?:[\w'’-]+\s+){0,4}?"
    r"(?:revenues?|costs?|sales|profits?|incomes?|headcounts?|expenses|budgets?|turnover"
    r"|margins?|prices|rents?|growth"
    r"|spending|numbers?|figures|development|cash flows?)\s+.*?\b(?:by|per|over|from|since"
    r"|of the last|for each|in each)\b.+)",
    re.IGNORECASE,
)
_DETERMINED = re.compile(r"(?:the|our|my|all|a|an|how|both|each|every)\b", re.IGNORECASE)
_LATE_NOUN = re.compile(  # "revenue chart", "show a headcount graph"
    rf"^(?:{_MAKE}\s+(?:me\s+|us\s+)?|draw\s+|plot\s+)?(?:an?\s+)?(?P<what>(?!the\b|this\b"
    rf"|that\b)[\w\s'’-]{{2,40}}?)"
    rf"\s+(?P<noun>{_CHART_NOUN})\W*$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"^visuali[sz]e\s+(?P<what>how (?:many|much)\b.+|the (?:number|amount|share) of\b.+)",
    re.IGNORECASE,
)
_ON_CHART = re.compile(
    rf"^(?:(?:{_MAKE}|plot|draw|display|show)\s+(?:me\s+|us\s+)?)(?:on|in"
    rf"|as)\s+an?\s+(?:\w+\s+)?(?P<noun>{_CHART_NOUN})\s*,?\s+(?P<what>.+)",
    re.IGNORECASE,
)
_TAIL_CHART = re.compile(
    rf"^(?P<what>.+?),\s*(?:an?\s+)?(?P<noun>{_CHART_NOUN})\W*$", re.IGNORECASE
)
_KIND_TAIL = re.compile(
    rf"[,]?\s*\b(?:as|in|with|using)\s+(?:an?\s+|the\s+)?(?:{_CHART_NOUN}|bars?|lines?|columns?"
    rf"|diagrams?)\W*$",
    re.IGNORECASE,
)
_LEADING_KIND = re.compile(
    r"^(?:an?\s+)?(?:line|curve|bars?|columns?|pie)\s+(?:for|of)\s+", re.IGNORECASE
)


def charted(text: str, asked: str = "") -> Found | None:
    """The numbers of a table that are to be drawn; None when no chart is wished for.

    `asked` is the person's question before, which "plot it" means.
    """
    if there := _plotted_it(text, asked):
        return there
    if asks(text):
        return None
    return next(filter(None, (_charted(reading) for reading in readings(text))), None)


def _charted(reading: Reading) -> Found | None:
    said = reading.text
    if not said or is_question(said) or _NO_CHART.search(said):
        return None
    bare = _BARE_AS_CHART.match(said)
    if bare and (reading.polite or _NUMBERS.search(said)):
        return _chart(bare["what"], f"“{bare['noun']}”", said)
    found = _AS_CHART.match(said)
    if found and ("diagram" not in (found["noun"] or "").lower() or _NUMBERS.search(said)):
        return _chart(found["what"], f"“{found['noun'] or found['graphic']}”", said)
    if found := _MAKE_CHART.match(said):
        return _with_noun(found, said)
    if found := _PLOTTED.match(said):
        return _chart(found["what"] + found["rest"], "“plotted”", said)
    if found := _DRAWN_NUMBERS.match(said):
        return _chart(found["what"], f"“{said.split()[0]}” and numbers", said)
    if found := _COUNTED.match(said) or _ON_CHART.match(said):
        return _chart(found["what"], f"“{said.split()[0]}”", said)
    tail = _TAIL_CHART.match(said)
    if tail and _NUMBERS.search(tail["what"]):
        return _chart(tail["what"], f"“{tail['noun']}”", said)
    late = _LATE_NOUN.match(said)
    if late and _NUMBERS.search(late["what"]) and not (said.endswith("?") and not reading.polite):
        return _chart(late["what"], f"“{late['noun']}”", said)
    found = None if (said.endswith("?") and not reading.polite) else _CHARTING.match(said)
    return _verb(found, said) if found else None


def _plotted_it(text: str, asked: str) -> Found | None:
    """ "How did sales go? Plot it": the words before say what, else the question before."""
    found = _PLOT_IT.match(core(text))
    if found is None:
        return None
    return _chart(found["what"] or asked, f"“{found['verb']} it”", text)


def _with_noun(found: re.Match[str], said: str) -> Found | None:
    noun, one = found["noun"].lower(), (found["one"] or "").strip().lower()
    if one == "the" or (noun.startswith(("diagram", "curve")) and not _NUMBERS.search(said)):
        return None  # "the chart of ..." is one that there is
    bare = re.match(_CHART_NOUN, said, re.IGNORECASE)
    if bare and said.endswith("?"):
        return None
    return _chart(found["what"], f"“{found['noun']}”", said)


def _verb(found: re.Match[str], said: str) -> Found | None:
    what = found["what"]
    if not what or re.match(
        r"(?:of|in|on|to|is|was|for|number|summary|twist|holes?|\d+)\b", what, re.IGNORECASE
    ):
        return None
    if not (found["colon"] or _DETERMINED.match(what) or _NUMBERS.search(what)):
        return None  # "Graph theory", "Chart review"
    return _chart(what, f"“{said.split()[0].strip(':')}” at the start", said)


def _chart(what: str, why: str, said: str) -> Found | None:
    wish = chart_of(what, said)
    return Found(wish, why) if wish.what else None


def chart_of(what: str, said: str) -> Chart:
    """Without the words that only say that it is a chart, and of which kind."""
    nouns = rf"\b(?:{_CHART_NOUN}|bars|columns|(?:as|with|in|an?) lines?|pie)\b"
    kind = chart_kind(" ".join(re.findall(nouns, said, re.IGNORECASE)))
    return Chart(tidy(_LEADING_KIND.sub("", _KIND_TAIL.sub("", tidy(what)))), kind)
