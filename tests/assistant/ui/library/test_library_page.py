import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest, local_script_runner

from assistant.libraries.uploads import Upload, staged, upload_folder
from assistant.ui.library.document_list import DIALOG_OPEN
from assistant.ui.viewer import page_panel
from tests.assistant.ui.conftest import LIBRARY_PAGE, act, html, listed, open_page, opened
from tests.assistant.ui.fakes import HANDBOOK, HOSTILE, SAMPLES, FakeLibrary
from vectorstore.errors import LibraryBusy

Visit = Callable[..., AppTest]
LETTER = SAMPLES / "Letter from the Landlord.pdf"
PDF = "application/pdf"


def drop(app: AppTest, *files: tuple[str, bytes]) -> Upload:
    app.file_uploader[0].set_value([(name, content, PDF) for name, content in files]).run()
    upload: Upload = app.session_state["upload"]
    return upload


def drop_and_wait(app: AppTest, *files: tuple[str, bytes]) -> None:
    assert drop(app, *files).wait(60)
    app.run()


def test_what_was_dropped_leaves_streamlits_memory(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    managers = []

    class Kept(MemoryUploadedFileManager):
        def __init__(self, endpoint: str) -> None:
            super().__init__(endpoint)
            managers.append(self)

    monkeypatch.setattr(local_script_runner, "MemoryUploadedFileManager", Kept)
    drop_and_wait(visit(LIBRARY_PAGE), (LETTER.name, LETTER.read_bytes()))

    tabs = [tab for manager in managers for tab in manager.file_storage.values()]
    assert {file.data for tab in tabs for file in tab.values()} == {b""}


def test_documents_are_listed_with_pages_and_status(visit: Visit, library: FakeLibrary) -> None:
    library.put(SAMPLES / HANDBOOK, "Scan.pdf")

    app = visit(LIBRARY_PAGE)

    assert "2 documents, 42 pages" in html(app)
    scan, handbook = sorted(listed(app), key=lambda row: row["name"], reverse=True)
    assert handbook["facts"][:3] == ["21 pages", "12 passages", "all of its text read"]
    assert scan["warnings"] == ["2 of 5 pages are pictures without text"]


def test_a_page_that_could_not_be_read_is_named_and_opens_with_a_click(
    visit: Visit, library: FakeLibrary
) -> None:
    library.put(SAMPLES / HANDBOOK, "Scan.pdf")
    app = visit(LIBRARY_PAGE)
    assert not any(row["looked"] for row in listed(app))
    act(app, "look", "Scan.pdf")

    [[[page, told]]] = [row["looked"]["pages"] for row in listed(app) if row["looked"]]
    assert page == 3 and told.startswith("Page 3: unreadable scan")
    act(app, "open", "Scan.pdf", page)

    assert "Page 3 of 21" in html(app)
    assert not any(row["looked"] for row in listed(app)), "folded away, above the page"


def test_an_empty_library_says_what_to_do(visit: Visit, library: FakeLibrary) -> None:
    library.remove([HANDBOOK])

    shown = html(visit(LIBRARY_PAGE))

    assert "Nothing here yet" in shown
    assert "Pincite reads PDF, Word, Excel" in shown


def test_an_upload_of_many_files_names_some_and_counts_the_rest(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)

    drop_and_wait(app, *((f"{n}.pdf", LETTER.read_bytes()) for n in range(10)))

    assert html(app).count('<span class="state">in the library</span>') == 8
    assert "and 2 files more" in [caption.value for caption in app.caption]


def test_an_upload_is_listed(visit: Visit, tmp_path: Path) -> None:
    app = visit(LIBRARY_PAGE)

    drop_and_wait(app, ("New file.pdf", LETTER.read_bytes()))

    assert "1 added" in app.markdown[0].value
    assert "New file.pdf" in html(app), "in the summary"
    app.button(key="seen").click().run()
    assert "New file.pdf" not in html(app)
    assert "New file.pdf" in [row["name"] for row in listed(app)]


def test_an_upload_shows_how_far_each_file_is(visit: Visit, library: FakeLibrary) -> None:
    library.go.clear()
    app = visit(LIBRARY_PAGE)

    upload = drop(app, ("One.pdf", LETTER.read_bytes()), ("Two.pdf", LETTER.read_bytes()))

    while not upload.pages:
        time.sleep(0.01)  # until its thread has saved the files
    shown = html(app.run())
    assert "Adding 2 files" in shown
    assert '<span class="state">reading</span>' in shown
    library.go.set()
    assert upload.wait(60)
    assert upload.added(queued=()) == upload.paths


def test_a_file_that_cannot_be_read_is_named_with_the_reason(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)

    drop_and_wait(app, ("Broken.pdf", b"no pdf"), ("Good.pdf", LETTER.read_bytes()))

    assert "1 added, 1 could not be added" in app.markdown[0].value
    assert "Broken.pdf is not a readable PDF" in html(app)
    assert not app.exception


def test_files_of_one_name_that_are_dropped_together_are_both_read(
    visit: Visit, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    add = library.add
    monkeypatch.setattr(
        library,
        "add",
        lambda paths, *rest, **options: (
            seen.extend(path.read_bytes() for path in paths) or add(paths, *rest, **options)
        ),
    )
    handbook = (SAMPLES / HANDBOOK).read_bytes()

    drop_and_wait(visit(LIBRARY_PAGE), ("A.pdf", LETTER.read_bytes()), ("A.pdf", handbook))

    assert seen == [LETTER.read_bytes(), handbook]


def test_two_visitors_who_drop_different_files_of_one_name_do_not_disturb_each_other(
    library: FakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    library.go.clear()
    add = library._add
    monkeypatch.setattr(
        library, "_add", lambda path, summary: seen.append(path.read_bytes()) or add(path, summary)
    )
    handbook = (SAMPLES / HANDBOOK).read_bytes()

    folder = upload_folder(tmp_path, "main")
    uploads = [
        Upload(library, tmp_path, staged(folder, [("A.pdf", io.BytesIO(content))]))  # type: ignore[arg-type]
        for content in (LETTER.read_bytes(), handbook)
    ]
    library.go.set()

    assert all(upload.wait(60) for upload in uploads)
    assert seen == [LETTER.read_bytes(), handbook]
    assert [upload.summary is not None for upload in uploads] == [True, True]


def test_a_home_that_cannot_be_written_to_is_a_sentence(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("in the way")
    app = visit(LIBRARY_PAGE)
    app.file_uploader[0].set_value([("A.pdf", b"", PDF)]).run()
    assert any("could not be saved" in error.value for error in app.error)


def test_what_a_crash_left_of_an_upload_is_cleared_when_the_app_starts(
    visit: Visit, tmp_path: Path
) -> None:
    left = tmp_path / "uploads" / "main" / "uploaded" / "Left.pdf"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    os.utime(left.parent, (0, 0))

    visit(LIBRARY_PAGE)

    assert not left.exists()


def test_a_busy_library_is_a_sentence(
    visit: Visit, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise LibraryBusy("Another process is adding documents. Try again when it is done.")

    monkeypatch.setattr(library, "add", busy)
    app = visit(LIBRARY_PAGE)

    drop_and_wait(app, ("New.pdf", LETTER.read_bytes()))

    assert "Another process is adding documents" in app.error[0].value
    assert not app.exception


def test_nothing_is_left_of_an_upload_outside_the_library(visit: Visit, tmp_path: Path) -> None:
    drop_and_wait(visit(LIBRARY_PAGE), ("../../evil.pdf", LETTER.read_bytes()))

    assert not [p for p in tmp_path.parent.rglob("*evil.pdf") if not p.name.startswith("kept-")]
    assert [p.name for p in (tmp_path / "uploads").rglob("kept-*")] == ["kept-evil.pdf"]


def test_remove_asks_first(visit: Visit, library: FakeLibrary) -> None:
    app = visit(LIBRARY_PAGE)

    act(app, "remove", HANDBOOK)
    assert HANDBOOK in library.files
    app.button(key="confirm-remove").click().run()

    assert not library.files
    assert (library.folder / "offered.json").read_text() == "[]"
    assert "Nothing here yet" in html(app)


def test_a_document_added_by_another_process_appears(visit: Visit, library: FakeLibrary) -> None:
    app = visit(LIBRARY_PAGE)

    library.put(LETTER)
    app.run()

    assert LETTER.name in [row["name"] for row in listed(app)]


def test_a_document_that_is_added_while_the_page_is_drawn_appears(
    visit: Visit, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit(LIBRARY_PAGE)
    late = [LETTER]
    monkeypatch.setattr(
        page_panel, "draw_panel", lambda _: library.put(late.pop()) if late else None
    )

    app.run()

    assert LETTER.name in [row["name"] for row in listed(app)]


def test_a_document_can_be_opened_to_read(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)

    act(app, "open", HANDBOOK)

    assert "Page 1 of 21" in html(app)
    assert len(app.image) == 1


def test_a_document_that_is_not_listed_is_not_opened(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)

    act(app, "open", "../of another library.pdf")

    assert not app.image and not app.exception and not app.error


def test_many_documents_can_be_filtered_by_name(visit: Visit, library: FakeLibrary) -> None:
    for number in range(60):
        library.put(SAMPLES / HANDBOOK, f"Report {number:02}.pdf")
    app = visit(LIBRARY_PAGE)
    assert len(listed(app)) == 10
    assert "1 to 10 of 61" in [caption.value for caption in app.caption]
    app.button(key="turn-Next").click().run()
    names = [row["name"] for row in listed(app)]
    assert "Report 10.pdf" in names and "Report 08.pdf" not in names

    app.text_input(key="part").set_value("report 59").run()

    assert len(listed(app)) == 1


def pick(app: AppTest, which: int) -> None:
    """Select a document of the list, or select it no more."""
    row = listed(app)[which]
    act(app, "pick", row["document"], **{row["document"]: not row["picked"]})


def picks(app: AppTest) -> list[bool]:
    """Which documents of the list are selected."""
    return [row["picked"] for row in listed(app)]


def test_ticks_that_came_while_the_page_was_drawn_all_count(
    visit: Visit, library: FakeLibrary
) -> None:
    for number in range(3):
        library.put(SAMPLES / HANDBOOK, f"Report {number}.pdf")
    app = visit(LIBRARY_PAGE)
    three = {row["document"]: True for row in listed(app)[:3]}

    act(app, "look", HANDBOOK, **three, **{"No such.pdf": True})  # the click that came last

    assert picks(app) == [True, True, True, False]
    assert "3 selected" in [text.value for text in app.markdown]


def test_a_type_whose_last_document_has_gone_filters_no_longer(
    visit: Visit, library: FakeLibrary
) -> None:
    for number in range(12):
        library.put(SAMPLES / HANDBOOK, f"Report {number:02}.pdf")
    library.put(SAMPLES / HANDBOOK, "Notes.txt")
    app = visit(LIBRARY_PAGE)
    opened(app, "filter").selectbox(key="of-kind").set_value("txt").run()
    assert [row["name"] for row in listed(app)] == ["Notes.txt"]

    library.remove(["Notes.txt"])
    app.run()

    assert len(listed(app)) == 10 and not app.exception


def test_a_question_that_was_left_by_another_way_is_open_no_more(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)
    act(app, "remove", HANDBOOK)
    assert app.session_state[DIALOG_OPEN]

    open_page(app, "chat")  # the browser's Back
    open_page(app, LIBRARY_PAGE)

    assert not [button for button in app.button if button.key == "confirm-remove"]
    assert DIALOG_OPEN not in app.session_state, "the page is drawn anew when something changes"


@pytest.mark.parametrize("key", ["tag-many", "remove-many"])
def test_a_dialog_that_was_dismissed_is_open_no_more(
    visit: Visit, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    library.put(SAMPLES / HANDBOOK, "Report.pdf")
    dialog, given = st.dialog, []
    monkeypatch.setattr(
        st, "dialog", lambda title, **how: given.append(how) or dialog(title, **how)
    )
    app = visit(LIBRARY_PAGE)
    pick(app, 0)
    app.button(key=key).click().run()
    monkeypatch.setattr(st, "session_state", {DIALOG_OPEN: app.session_state[DIALOG_OPEN]})
    given[-1]["on_dismiss"]()  # and the list is drawn alone, not the page
    assert not st.session_state


def test_documents_of_several_pages_are_selected_and_removed_together(
    visit: Visit, library: FakeLibrary
) -> None:
    for number in range(20):
        library.put(SAMPLES / HANDBOOK, f"Report {number:02}.pdf")
    app = visit(LIBRARY_PAGE)
    pick(app, 1)
    app.button(key="turn-Next").click().run()
    pick(app, 0)
    assert "2 selected" in [text.value for text in app.markdown]
    app.button(key="turn-Previous").click().run()
    assert picks(app)[:3] == [False, True, False]

    app.button(key="remove-many").click().run()
    assert len(library.files) == 21, "it asks first"
    app.button(key="confirm-many").click().run()
    assert sorted({f"Report {n:02}.pdf" for n in range(20)} - set(library.files)) == [
        "Report 00.pdf", "Report 09.pdf"
    ]  # fmt: skip

    pick(app, 0)
    app.button(key="remove-many").click().run()
    assert app.session_state[DIALOG_OPEN], "the page is not drawn anew under the question"
    app.button(key="keep-many").click().run()
    assert DIALOG_OPEN not in app.session_state
    library.remove([sorted(library.files)[0]])  # another person
    app.run()
    assert not [text for text in app.markdown if text.value.endswith("selected")]

    app.text_input(key="part").set_value("report 1").run()
    pick(app, 0)
    app.button(key="pick-all").click().run()
    assert "10 selected" in [text.value for text in app.markdown]
    app.button(key="pick-none").click().run()
    assert not any(picks(app))


def test_a_hostile_file_name_is_given_to_the_browser_as_text(
    visit: Visit, library: FakeLibrary
) -> None:
    library.put(SAMPLES / HANDBOOK, HOSTILE)

    app = visit(LIBRARY_PAGE)

    assert "<script" not in html(app)
    assert "<img" not in html(app)
    assert HOSTILE in [row["name"] for row in listed(app)]


def test_a_name_that_turns_its_letters_around_is_shown_in_their_order_with_a_mark(
    visit: Visit, library: FakeLibrary
) -> None:
    library.put(SAMPLES / HANDBOOK, "Invoice\u202efdp.exe.pdf")

    names = [row["name"] for row in listed(visit(LIBRARY_PAGE))]
    assert "Invoice\ufffdfdp.exe.pdf" in names
