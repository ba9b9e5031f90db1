from ingest.document.model import Cell, Line, Page, Table, count
from ingest.text.reflow import LONG, about_tokens, fold, folded_page


def without_blanks(text: str) -> str:
    return "".join(text.split())


def check(line: Line) -> tuple[Line, ...]:
    """Nothing is lost, and no piece is long."""
    pieces = fold(line)
    assert without_blanks("".join(p.text for p in pieces)) == without_blanks(line.text)
    assert sum(count(p.text) for p in pieces) == count(line.text)
    assert all(0 < about_tokens(p.text) <= LONG for p in pieces)
    return pieces


def test_a_short_line_stays_as_it_is() -> None:
    line = Line("Thirty days of leave are paid.", begins=True)
    assert fold(line) == (line,)


def test_a_long_paragraph_is_folded_after_sentences() -> None:
    pieces = check(Line("A sentence of a long paragraph, and so on. " * 250, begins=True))
    assert all(p.text.endswith("so on.") for p in pieces)
    assert [p.begins for p in pieces] == [True] + [False] * (len(pieces) - 1)


def test_a_sentence_without_end_is_folded_between_words() -> None:
    assert len(check(Line("words and words " * 600))) > 20


def test_ten_thousand_letters_without_a_blank_are_folded() -> None:
    assert len(check(Line("x" * 10_000))) > 20
    assert len(check(Line("漢字" * 5_000))) > 20
    assert len(check(Line("a-b.c/" * 2_000))) > 20


def test_pieces_keep_what_is_known_of_the_line_but_one_heading() -> None:
    line = Line("Said on and on. " * 60, heading=2, seconds=3.5, confidence=0.5, hidden="tiny")
    first, *rest = check(line)
    assert first.heading == 2
    assert all((p.heading, p.seconds, p.hidden) == (0, 3.5, "tiny") for p in rest)


def test_a_table_knows_where_its_lines_went() -> None:
    texts = [["Name", "Notes"], ["Ada", "Likes numbers. " * 60], ["Bob", "None"]]
    lines = tuple(Line(" | ".join(row), begins=True) for row in texts)
    cells = tuple(tuple(Cell(text, n) for text in row) for n, row in enumerate(texts))
    page = folded_page(Page(1, 0, 0, (Line("Title"), *lines), tables=()))
    moved = tuple(tuple(Cell(c.text, c.line + 1) for c in row) for row in cells)
    page = folded_page(Page(1, 0, 0, (Line("Title"), *lines), tables=(Table(1, 3, moved, 1),)))
    table = page.tables[0]
    assert (table.first, table.last) == (1, len(page.lines) - 1)
    for row in table.rows:
        for cell in row:
            assert page.lines[cell.line].text.find(cell.text[:20].strip()) >= 0
    assert table.rows[2][0].line == len(page.lines) - 1
