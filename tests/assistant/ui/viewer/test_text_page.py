"""Documents without pages to draw are shown as text."""

from assistant.ui.viewer.page_view import lines_of, text_page
from ingest.document.model import Cell, Line, Page, Table

PAGE = Page(
    1,
    0,
    0,
    (
        Line("Fees & fines", heading=1),
        Line("A parcel costs", begins=True),
        Line("4 euros."),
        Line("Kind | Fee", begins=True),
        Line("Letter | 1", begins=True),
        Line("<b>Ends</b>", begins=True, hidden="white on white"),
    ),
    tables=(
        Table(3, 4, ((Cell("Kind", 3), Cell("Fee", 3)), (Cell("Letter", 4), Cell("1", 4))), 1),
    ),
)


def test_the_cited_lines_are_marked_where_they_stand() -> None:
    shown = text_page(PAGE, range(2, 3))
    assert '<p>A parcel costs <mark class="cited">4 euros.</mark></p>' in shown
    assert shown.count("<mark") == 1


def test_what_the_document_says_is_never_markup() -> None:
    shown = text_page(PAGE, range(0))
    assert "<h2>Fees &amp; fines</h2>" in shown
    assert "&lt;b&gt;Ends&lt;/b&gt;" in shown
    assert 'title="Hidden: white on white"' in shown


def test_a_table_is_a_table_and_its_cited_row_is_marked() -> None:
    shown = text_page(PAGE, range(4, 5))
    assert "<tr><th>Kind</th><th>Fee</th></tr>" in shown
    assert '<tr class="cited"><td>Letter</td><td>1</td></tr>' in shown


def test_a_page_without_text_says_so() -> None:
    assert "There is no text on this page" in text_page(Page(1, 0, 0, ()), range(0))


def test_a_quote_is_found_wherever_its_lines_stand_together() -> None:
    page = Page(1, 0, 0, (Line("a"), Line("b"), Line("a"), Line("b")))
    assert lines_of("a\nb", page) == [range(2), range(2, 4)]
    assert lines_of("b\na\nb\na", page) == []
