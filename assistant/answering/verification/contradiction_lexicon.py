"""Words by their effect on the comparison of two sentences."""

import re

from ingest.language.words import stem

# Words that distinguish two ways of saying one thing, not two things. They are no stop words: a
# search needs most of them.
NEUTRAL = frozenset(
    re.findall(
        r"\w+",
        """
receive receives receiving entitled entitlement get gets given have has had having grant granted
offer offers offered provide provides provided is are be been was were must should shall need needs
needed may might can could will would every each all any everybody everyone per annum year calendar
working paid yearly amount amounts come comes take takes taking took effect reach reached reachable
call called number least most more less than within about approximately around roughly nearly almost
required require requires set fixed cost costs price priced pay due day days week weeks month months
hour hours following there bear bears charge charges charged fee fees rate rates maximum max
minimum min date currently now always please note exactly value via made make makes
lie lies located sent send done person people allowed permitted permission forbidden prohibited
mandatory compulsory obligatory optional voluntary possible cannot not never without no none
included excluded include includes s t o p m h am pm
""",
    )
)
# Several words for one thing.
SAME = {
    word: one
    for one, words in {
        "begin": "begins start starts started starting commence commences commencing beginning",
        "end": "ends ended ending finish finishes expire expires expiry",
        "lead": "led leads headed head heads chaired chairs chair runs",
        "keep": "kept keeps retain retained retains stored store stores",
        "employee": "employees staff",
        "email": "mail e",
        "phone": "telephone telephones phones",
        "holiday": "holidays vacation",
        "weigh": "weighs weight weights",
        "last": "lasts",
    }.items()
    for word in words.split()
}
# Restrictive words: a sentence with one does not contradict a sentence without it.
NARROW = frozenset(
    stem(word)
    for word in re.findall(
        r"\w+",
        """
new planned plan expected estimated forecast budget budgeted proposed former formerly previous
previously earlier old first second third last next part full half partial temporary temporarily
express standard premium basic additional extra total average net gross special international
domestic foreign weekend night child children adult adults student students senior seniors member
members guest guests public private early late low high peak summer winter online remaining certain
exceptional exception unless except if provisional interim draft single double external internal
""",
    )
)
# Words of rules by meaning, so that "is forbidden" denies "is allowed", and nothing else.
RULES = {
    word: rule
    for rule, words in {
        "may": "allowed permitted permission forbidden prohibited possible may can cannot",
        "must": "required require requires must need needs needed mandatory compulsory obligatory"
        " optional voluntary",
        "with": "included excluded include includes",
        "": "not never no without none is are be been was were has have had will would shall",
    }.items()
    for word in words.split()
}
# A rise or fall has a period, which may be stated elsewhere.
CHANGE = re.compile(
    r"\b(?:in|de)creas(?:e[sd]?|ing)\b|\b(?:rose|rise[sn]?|fell|fall(?:s|en)?|grew|grow[ns]?|growth"
    r"|declin(?:e[sd]?|ing)|dropped|improved|compared|versus|year over year|higher|lower)\b",
    re.IGNORECASE,
)
