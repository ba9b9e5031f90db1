"""The facts of a made document, drawn from a seed, and what of them a sheet should hold."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

COLUMNS = (
    "supplier", "customer", "date", "total", "payment term", "notice period", "signed?",
    "reference number",
)  # fmt: skip
SEED = 1609

_FIRST = (
    "Alder Brook Corvin Dunmore Elbe Fenwick Garland Hollis Inverness Juniper Kestrel Lindqvist"
)
_SECOND = "Logistics Instruments Facilities Software Printing Catering Metalworks Security Energy"
_FORMS = ("Ltd", "GmbH", "Inc.", "B.V.", "plc", "S.A.")
_PEOPLE = (
    "Maria Keller", "Owen Hughes", "Sofia Lindgren", "Peter Novak", "Aisha Rahman", "Tom Becker",
    "Clara Dubois", "James Whitfield", "Ingrid Olsen", "Marco Ferri",
)  # fmt: skip
_STREETS = ("Harbour Street 14", "Mill Lane 3", "Station Road 88", "Kingsway 120", "Lime Walk 7")
_TOWNS = ("Bristol", "Hamburg", "Rotterdam", "Leeds", "Ghent", "Basel")
_MONTHS = (1, 2, 3, 6)


@dataclass(frozen=True)
class Facts:
    """What a document says. Money is in the currency; times are in days and months."""

    supplier: str
    customer: str
    day: date
    net: Decimal
    currency: str
    days: int  # until it is to be paid
    months: int  # of notice
    signed: bool
    reference: str
    seller: str  # a person of the supplier, and one of the customer
    buyer: str
    addresses: tuple[str, str]

    @property
    def tax(self) -> Decimal:
        return (self.net * Decimal("0.2")).quantize(Decimal("0.01"))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    def money(self, amount: Decimal) -> str:
        return f"{self.currency} {amount:,.2f}"

    @property
    def due(self) -> date:
        return self.day + timedelta(days=self.days)


def facts(number: int, prefix: str) -> Facts:
    """Of the document with this number; `prefix` begins its reference."""
    lot = random.Random(SEED + number)
    names = lot.sample(_FIRST.split(), 2)
    kinds = lot.sample(_SECOND.split(), 2)
    supplier, customer = (
        f"{n} {k} {lot.choice(_FORMS)}" for n, k in zip(names, kinds, strict=True)
    )
    seller, buyer = lot.sample(_PEOPLE, 2)
    addresses = [f"{street}, {lot.choice(_TOWNS)}" for street in lot.sample(_STREETS, 2)]
    return Facts(
        supplier, customer, date(2025, 1, 10) + timedelta(days=lot.randrange(480)),
        Decimal(lot.randrange(40_000, 4_000_000)) / 100, lot.choice(("EUR", "GBP", "USD")),
        lot.choice((10, 14, 21, 30, 45, 60)), lot.choice(_MONTHS), number % 2 == 0,
        f"{prefix}-{lot.randrange(2024, 2027)}-{lot.randrange(100, 9999):04}", seller, buyer,
        (addresses[0], addresses[1]),
    )  # fmt: skip
