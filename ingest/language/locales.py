"""Months and scales in the languages that documents are written in; all are read in any text.

Left out are short forms that are common words elsewhere: Portuguese "set" and "out", Spanish "ago",
Italian "gen", "mag" and "set". A library was measured and not taken: importing Babel and loading
twelve languages takes 110 ms, and its data 36 MB.
"""

import unicodedata

# Each of the twelve months of a year, with its other forms behind it.
MONTHS = {
    "en": "January Jan|February Feb|March Mar|April Apr|May|June Jun|July Jul|August Aug"
    "|September Sept Sep|October Oct|November Nov|December Dec",
    "de": "Januar Jänner|Februar Feber|März Mär Mrz Maerz|April|Mai|Juni|Juli|August|September"
    "|Oktober Okt|November|Dezember Dez",
    "fr": "janvier janv|février févr|mars|avril avr|mai|juin|juillet juil|août|septembre|octobre"
    "|novembre|décembre déc",
    "es": "enero ene|febrero|marzo|abril abr|mayo|junio|julio|agosto|septiembre setiembre|octubre"
    "|noviembre|diciembre dic",
    "it": "gennaio genn|febbraio febbr|marzo|aprile|maggio|giugno giu|luglio lug|agosto|settembre"
    "|ottobre ott|novembre|dicembre",
    "nl": "januari|februari|maart mrt|april|mei|juni|juli|augustus|september|oktober|november"
    "|december",
    "pt": "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro"
    "|dezembro",
    "sv": "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december",
    "da": "januar|februar|marts|april|maj|juni|juli|august|september|oktober|november|december",
    "pl": "stycznia styczeń|lutego luty|marca marzec|kwietnia kwiecień|maja|czerwca czerwiec"
    "|lipca lipiec|sierpnia sierpień|września wrzesień|października październik"
    "|listopada listopad|grudnia grudzień",
    "cs": "ledna leden|února únor|března březen|dubna duben|května květen|června červen"
    "|července červenec|srpna srpen|září|října říjen|listopadu listopad|prosince prosinec",
}
# Powers of ten. "Billion" is a thousand millions, as in English: only its German plural is told.
_SCALES = {
    2: "hundred",
    3: "thousand tausend tsd mille millier milliers mil mila duizend tusen tusind tys tisíc",
    6: "million mn mio millionen millón millones milione milioni mln miljoen milhão milhões"
    " miljoner millioner milion miliony milionów milionů",
    9: "billion bn milliard milliarde milliarden mrd miliardo miliardi mld miljard bilhão bilhões"
    " miljarder milliarder mia miliard miliardy miliardów",
    12: "trillion tn billionen",
}


def bare(text: str) -> str:
    """Without accents."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if not unicodedata.combining(c))


def month_names(language: str) -> list[str]:
    """The twelve full names of a language."""
    return [names.split()[0] for names in MONTHS[language].split("|")]


# Every form in lower case, with and without accents -> 1 to 12.
MONTH_OF = {
    form: number
    for names in MONTHS.values()
    for number, forms in enumerate(names.lower().split("|"), start=1)
    for name in forms.split()
    for form in (name, bare(name))
}
SCALE_OF = {
    form: power
    for power, words in _SCALES.items()
    for word in words.split()
    for form in (word, bare(word))
}
_WITH_S = "hundred thousand million billion trillion milliard"
SCALE_OF |= {f"{word}s": SCALE_OF[word] for word in _WITH_S.split()}
SHORT_SCALES = {"k": 3, "m": 6, "b": 9, "t": 12}  # of money: "5m" alone are metres
