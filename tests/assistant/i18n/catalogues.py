"""Catalogues for tests: some texts, or a pseudo-locale of all texts of the sources."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from assistant.i18n import translation
from tests.test_set_up import script


def write(folder: Path, language: str, texts: Mapping[str | tuple[str, str], object]) -> None:
    """Compile a catalogue into a folder of catalogues."""
    catalog = Catalog(language)
    for text, said in texts.items():
        catalog.add(text, said)
    file = io.BytesIO()
    write_mo(file, catalog)
    path = folder / language / "LC_MESSAGES" / f"{translation.DOMAIN}.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(file.getvalue())


@contextmanager
def used(folder: Path) -> Iterator[None]:
    """These catalogues in the place of the real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation, "FOLDER", folder)
        _forget()
        yield
    _forget()


def _forget() -> None:
    translation.catalogue.cache_clear()
    translation._patterns.cache_clear()


def pseudo() -> dict[str | tuple[str, str], object]:
    """Every text of the sources in brackets, with its places."""
    texts = [message.id for message in script("messages").template() if message.id]
    return {text: tuple(map(_bracketed, text)) if isinstance(text, tuple) else _bracketed(text)
            for text in texts}  # fmt: skip


def _bracketed(text: str) -> str:
    return f"⟦{text}⟧"
