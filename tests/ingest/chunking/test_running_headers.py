from ingest.chunking import Headings, repeated
from ingest.document.model import Box, Cell, Document, Line, Page, Table

HEIGHT = 842.0


def at(y: float, text: str, size: float = 10) -> Line:
    return Line(text, Box(60, y, 300, y + size), size)


def document(*pages: list[Line], tables: tuple[Table, ...] = ()) -> Document:
    made = (
        Page(n, 595, HEIGHT, tuple(lines), tables=tables) for n, lines in enumerate(pages, start=1)
    )
    return Document("0" * 64, "a.pdf", "a", tuple(made))


def body(n: int) -> list[Line]:
    return [at(300, f"Some text {n} that differs"), at(400, f"from page {n * 7} to page.")]


def again(one: Document) -> list[str]:
    return [
        one.pages[page - 1].lines[line].text
        for (page, line), again in sorted(repeated(one).items())
        if again
    ]


def test_a_running_header_is_new_on_its_first_page_only() -> None:
    one = document(*([at(30, "Handbook"), *body(n)] for n in range(6)))
    assert again(one) == ["Handbook"] * 5
    assert repeated(one)[1, 0] is False


def test_numbers_that_grow_with_the_page_are_the_same() -> None:
    one = document(*([*body(n), at(800, f"Page {n + 10} of 48")] for n in range(6)))
    assert again(one) == [f"Page {n + 10} of 48" for n in range(1, 6)]


def test_a_number_that_is_not_the_page_s_says_something() -> None:
    one = document(*([at(30, f"Invoice {n}"), *body(n)] for n in (7, 3, 99, 12, 54, 31)))
    assert again(one) == []


def test_left_and_right_pages_may_differ() -> None:
    names = ["Left", "Right"]
    one = document(*([at(30, names[n % 2]), *body(n)] for n in range(10)))
    assert sorted(again(one)) == ["Left"] * 4 + ["Right"] * 4


def test_three_pages_are_not_enough() -> None:
    assert again(document(*([at(30, "Handbook"), *body(n)] for n in range(3)))) == []


def test_the_same_words_far_apart_are_no_header() -> None:
    pages = [[*([at(30, "Table 3")] if n % 9 == 0 else []), *body(n)] for n in range(50)]
    assert again(document(*pages)) == []


def test_rows_of_tables_large_letters_and_the_middle_of_the_page_are_none() -> None:
    table = Table(0, 0, ((Cell("Month", 0),),), 1)
    assert again(document(*([at(30, "Month"), *body(n)] for n in range(6)), tables=(table,))) == []
    assert again(document(*([at(30, "Results", 24), *body(n)] for n in range(6)))) == []
    assert again(document(*([at(200, "Handbook"), *body(n)] for n in range(6)))) == []


def test_lines_without_places_are_none() -> None:
    page = [Line("From: Ada"), Line("To: Bob")]
    one = Document("", "a.mbox", "a", tuple(Page(n, 0, 0, tuple(page)) for n in range(1, 9)))
    assert again(one) == []


def test_a_running_header_is_no_heading() -> None:
    bold = Line("Handbook", Box(60, 30, 300, 40), 10, bold=True)
    one = document(*([bold, *body(n)] for n in range(6)))
    assert Headings(one).titles() == []
