""""""

import tracemalloc

from ingest.document.model import Document, Line, Page
from vectorstore.versions import likeness, same_words, sketch, table


def document(*pages: str) -> Document:
    return Document(
        "00", "a.txt", "a",
        tuple(Page(n, 0, 0, (Line(text),)) for n, text in enumerate(pages, start=1)),
    )  # fmt: skip


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def test_a_sketch_is_of_all_words_wherever_pages_end() -> None:
    whole, parted = sketch(document(words(0, 30))), sketch(document(words(0, 7), words(7, 30)))
    assert whole and whole == parted


def test_the_likeness_of_sketches_is_about_the_share_of_common_runs() -> None:
    one, other = sketch(document(words(0, 2000))), sketch(document(words(1000, 3000)))
    assert one and other and not same_words(one, other)
    assert abs(likeness(one, table([other]))[0] - 1 / 3) < 0.12  # three standard errors


def test_too_few_words_have_no_sketch() -> None:
    assert sketch(document(words(0, 19))) is None
    assert sketch(document(words(0, 10), words(10, 20))) is not None


def test_a_sketch_takes_no_more_memory_for_more_pages() -> None:
    def peak(pages: int) -> int:
        made = document(*(words(n * 1000, (n + 1) * 1000) for n in range(pages)))
        tracemalloc.start()
        sketch(made)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(100) < 1.5 * peak(10)
