"""Cuts a document into passages of about 100 tokens that follow headings, paragraphs and tables.

Small passages find better than big ones: 100 tokens gained .09 page hit@5 over 200 on long reports
(the embedding model reads at most 256, and says nothing about the rest). What is read to answer is
wider than what is found: see `vectorstore.library.Library.around`.

A passage is whole lines of one page, and a line is in one passage or in none: long lines have been
folded before (`ingest.text.fold_lines`), and `coverage_ledger` has the reason for each in none.
"""

from collections.abc import Iterator, Sequence

from ingest.chunking.blocks import LONGEST, TOKENS, Block, Blocks
from ingest.document.model import Chunk, Document, Page
from ingest.platform.progress import beat
from ingest.text import reflow as running

VERSION = "3"  # a change of the output is a change of the index
_SMALL = 30  # a rest of at most so many tokens joins the passage before it
_TITLE = 16  # tokens of the name of a slide or a sheet that each of its passages begins with


def chunk(document: Document) -> list[Chunk]:
    """Cut a document into passages of whole lines; each stays on one page."""
    blocks = Blocks(document)
    words = running.vocabulary([page.text for page in document.pages])
    chunks: list[Chunk] = []
    for page in document.pages:
        beat(page.number, len(document.pages))
        for group in _packed(list(blocks.of(page))):
            path = blocks.headings.path(page, group[0].first)
            chunks.append(_chunk(page, group, path, words))
    return chunks


def _chunk(
    page: Page, group: Sequence[Block], path: tuple[str, ...], words: frozenset[str]
) -> Chunk:
    paragraphs = [
        running.join([line.text for line in page.lines[block.first : block.last + 1]], words)
        for block in group
    ]
    text = "\n".join([*_above(page, group, paragraphs), *paragraphs])
    return Chunk(page.number, group[0].first, group[-1].last, text, path, group[0].hidden)


def _above(page: Page, group: Sequence[Block], paragraphs: Sequence[str]) -> list[str]:
    """The context of a passage: its page's name, its table's caption and heads.

    It includes the caption of a table that begins in the passage: it may be in the one before.
    """
    captions = dict.fromkeys(block.caption for block in group if block.caption)
    missing = [c for c in captions if not any(c.removesuffix(" …") in p for p in paragraphs)]
    head = [group[0].head] if group[0].head else []
    return [*_title(page, paragraphs[0]), *missing, *head]


def _title(page: Page, first: str) -> list[str]:
    title = running.shortened(running.plain(page.title), _TITLE)
    return [title] if title and not first.startswith(title) else []


def _packed(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    for unit in _units(blocks):
        if group and _closes(group, unit):
            yield group
            group = []
        group += unit
    if group:
        yield group


def _units(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks that stay in one passage: single ones, except a table's header with its first row."""
    unit: list[Block] = []
    for block in blocks:
        if unit and not (block.tied and _tokens(unit) + block.tokens <= LONGEST):
            yield unit
            unit = []
        unit.append(block)
    if unit:
        yield unit


def _closes(group: list[Block], unit: list[Block]) -> bool:
    block, tokens = unit[0], _tokens(unit)
    if block.first != group[-1].last + 1 or block.hidden != group[-1].hidden:
        return True
    if block.heading:
        return not all(b.heading for b in group)
    spent = _tokens(group)
    if all(b.heading for b in group):
        return spent + tokens > LONGEST
    if block.row:
        return spent + tokens > TOKENS
    if tokens <= _SMALL // 3:
        return spent + tokens > LONGEST
    return spent + tokens > TOKENS + (_SMALL if tokens < _SMALL else 0)


def _tokens(blocks: Sequence[Block]) -> int:
    return sum(block.tokens for block in blocks)
