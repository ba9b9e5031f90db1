"""The tables of a catalogue in PostgreSQL: made anew, or brought to the present version."""

from pathlib import Path

from vectorstore.catalog.engine import Transaction
from vectorstore.catalog.postgres.inside import Inside
from vectorstore.catalog.sqlite.database import SCHEMA_VERSION

_COLLATIONS = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")


def make(connection: Inside) -> None:
    """In an empty schema."""
    connection.run(_script("schema").format(collation=collation(connection)))


def upgrade(connection: Inside, version: int) -> None:
    """From this version to the present one: `schema_N.sql` leads to version N."""
    for step in range(version + 1, SCHEMA_VERSION + 1):
        connection.run(_script(f"schema_{step}"))


def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


def collation(connection: Transaction) -> str:
    """One that knows letters of all alphabets, however the database was made."""
    known = {row[0] for row in connection.execute("SELECT collname FROM pg_collation")}
    return f'"{next((one for one in _COLLATIONS if one in known), "default")}"'
