"""Measures and currencies: their names in some languages, and their sizes."""

from dataclasses import dataclass

from ingest.language.locales import bare


@dataclass(frozen=True)
class Unit:
    """A measure. `size` is its size in the base unit of its kind."""

    name: str
    kind: str  # "length", "money", "time", ...
    size: float = 1.0


# kind: a name, its size, and other ways to write it; plurals with -s are understood.
_TABLE = """
length: mm 0.001; cm 0.01; m 1 metre meter mètre metro
length: km 1000 kilometre kilometer kilomètre kilómetro chilometro chilometri quilômetro
length: mile 1609.34; foot 0.3048 feet ft; inch 0.0254 inches
mass: mg 0.001; gram 1 g gramm; kg 1000 kgs kilogram kilogramm kilogramme; lb 453.6 lbs
mass: ton 1e6 tonne tonnen
time: second 1.1574074e-5 sec sekunde sekunden seconde seconden segundo secondo secondi
time: minute 6.9444444e-4 min minuten minuto minuti
time: hour 0.041666667 hr hrs stunde stunden heure hora uur timmar
time: day 1 tage tagen jour día giorno giorni dag dagen dia dagar
time: week 7 woche wochen semaine semana settimana settimane weken
time: month 30.4375 monat monate monaten mois meses mese mesi maand maanden månader
time: year 365.25 yr yrs jahr jahre jahren année ans año anno anni jaar jaren ano år
time: decade 3652.5 jahrzehnt jahrzehnte; century 36525 centuries jahrhundert jahrhunderte siècle
share: % 1 percent prozent pourcent porciento percento porcento procent procento; ‰ 0.1
temperature: °c 1; °f 1; degree 1
speed: km/h 1 kph; mph 1.609
volume: ml 0.001; litre 1 l liter litro
data: kb 1e-6; mb 1e-3; gb 1; tb 1e3
power: w 1; kw 1e3; mw 1e6; gw 1e9
energy: kwh 1; mwh 1e3; gwh 1e6
frequency: hz 1; khz 1e3; mhz 1e6; ghz 1e9
area: m² 1 m2; hectare 1e4 ha; km² 1e6 km2; acre 4046.86
money: $ 1 us$ usd dollar; € 1 eur euro; £ 1 gbp pound; ¥ 1 jpy yen; chf 1 franken; cent 0.01
half of a day: am 1; pm 1
"""
CODES = (
    "USD EUR GBP CHF JPY CNY ILS AUD CAD NZD INR SEK NOK DKK PLN CZK HUF BRL MXN ZAR TRY KRW"
    " SGD HKD"
).replace(" ", "|")  # as a regular expression, in capitals: "try" is a word
MONEY = rf"(?:US|A|C|NZ|HK|S)?\$|[€£¥₪₹₩₽]|(?-i:{CODES})"  # what may stand before a number
# As they are written, also in cells of tables, where a lone letter is no unit.
SYMBOLS = "%|‰|°C|°F|kg|mg|km|cm|mm|km²|m²|ml|kWh|MWh|GWh|MW|GW|kW|GB|MB|TB|Hz|kHz|MHz|GHz|bps"
_SHORT = 3  # letters


def _units() -> dict[str, Unit]:
    found = {code.lower(): Unit(code.lower(), "money") for code in CODES.split("|")}
    for line in _TABLE.strip().splitlines():
        kind, entries = line.split(": ")
        for name, size, *others in map(str.split, entries.split("; ")):
            unit = Unit(name, kind, float(size))
            found |= {form: unit for word in (name, *others) for form in (word, bare(word))}
    return found


_UNITS = _units()


def find_unit(word: str) -> Unit | None:
    """The measure or currency that a word or a sign names, in singular or plural."""
    word = word.lower().replace(" ", "")
    singular = word.removesuffix("s") if len(word) > _SHORT else word  # but "has" are no hectares
    signed = Unit(word, "money") if word[-1:] in (*"$₪₹₩₽",) else None  # C$
    return _UNITS.get(word) or _UNITS.get(singular) or signed
