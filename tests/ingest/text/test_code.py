""""""

from pathlib import Path

from tests.ingest.made import lines, read, written


def test_lines_keep_their_indentation_and_definitions_begin_passages(tmp_path: Path) -> None:
    code = "import os\n@cache\ndef load(path):\n    return path\n\nclass A:\n    def f(self): ...\n"
    document = read(written(tmp_path / "a.py", code))
    assert lines(document)[3] == "    return path"
    begins = [line.text for line in document.pages[0].lines if line.begins]
    assert begins == ["import os", "@cache", "class A:", "    def f(self): ..."]


def test_sections_of_settings_begin_passages(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.ini", "[server]\nport = 80\n[client]\nport = 81\n"))
    assert [line.begins for line in document.pages[0].lines] == [True, False, True, False]


def test_code_in_other_encodings_is_read(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.sql", "select 'Größe' from Käufer", "cp1252"))
    assert lines(document) == ["select 'Größe' from Käufer"]
