"""A document becomes passages of about 100 tokens that follow its headings, paragraphs and tables.

Small passages find better than big ones: 100 tokens gained .09 page hit@5 over 200 on long reports
(the embedding model reads at most 256, and says nothing about the rest). What is read to answer is
wider than what is found: see `vectorstore.library.Library.around`.

A passage is whole lines of one page, and a line is in one passage or in none: long lines have been
folded before (`ingest.folding`), and `ingest.ledger` has the reason for each that is in none.
"""

from collections.abc import Iterator, Sequence

from ingest import text as running
from ingest.blocks import LONGEST, TOKENS, Block, Blocks
from ingest.document import Chunk, Document, Page

VERSION = "2"  # a change of what comes out here is a change of the index
_SMALL = 30  # a rest of this many tokens joins the passage before it
_TITLE = 16  # tokens of the name of a slide or a sheet that each of its passages begins with


def chunk(document: Document) -> list[Chunk]:
    """Cut a document into passages of whole lines; each stays on one page."""
    blocks = Blocks(document)
    words = running.vocabulary([page.text for page in document.pages])
    chunks: list[Chunk] = []
    for page in document.pages:
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
    head = [*_title(page, paragraphs[0]), *([group[0].head] if group[0].head else [])]
    text = "\n".join([*head, *paragraphs])
    return Chunk(page.number, group[0].first, group[-1].last, text, path, group[0].hidden)


def _title(page: Page, first: str) -> list[str]:
    title = running.shortened(running.plain(page.title), _TITLE)
    return [title] if title and not first.startswith(title) else []


def _packed(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    for block in blocks:
        if group and _closes(group, block):
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _closes(group: list[Block], block: Block) -> bool:
    if block.first != group[-1].last + 1 or block.hidden != group[-1].hidden:
        return True
    tokens = sum(b.tokens for b in group)
    if block.heading:
        return not all(b.heading for b in group)
    if all(b.heading for b in group):
        return tokens + block.tokens > LONGEST
    if block.row:
        return tokens + block.tokens > TOKENS
    if block.tokens <= _SMALL // 3:
        return tokens + block.tokens > LONGEST
    return tokens + block.tokens > TOKENS + (_SMALL if block.tokens < _SMALL else 0)
