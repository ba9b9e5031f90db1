import sqlite3
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from assistant.doctor import checks as doctor
from assistant.doctor.checks import check_scans as scans_check
from assistant.doctor.checks import checks as checks_checks
from assistant.errors import ModelRuntimeMissing
from assistant.llm.llama import runtime
from assistant.models.installed import Models
from assistant.security.network_guard import QUIET
from assistant.settings import Settings
from ingest.images import ocr_engines
from ingest.platform.process import add_extra


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)


def found(settings: Settings) -> dict[str, doctor.Check]:
    return {check.name: check for check in checks_checks(settings)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_a_reranker_that_nothing_can_run_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = '{"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a"}}'
    (tmp_path / "config.json").write_text(config)
    models = Models(settings)
    assert doctor.check_reranker(models).message == "none is chosen"
    models.use("reranker", str(tmp_path))
    monkeypatch.setattr(doctor, "installed", lambda *packages: False)
    first = doctor.check_reranker(models)
    assert (first.severity, first.remedy) == ("error", add_extra("embedders"))
    (tmp_path / "model.onnx").touch()
    assert doctor.check_reranker(models).severity == "ok"
    (tmp_path / "config.json").unlink()
    assert doctor.check_reranker(models).remedy == "pincite models use reranker off"


def test_an_extra_is_printed_with_its_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    lacks = doctor.Check("scans", "warning", "[rapidocr] is absent", "pip install 'pincite[ocr]'")
    doctor.print_table([lacks])
    shown = capsys.readouterr().out
    assert "pip install 'pincite[ocr]'" in shown and "[rapidocr] is absent" in shown


def test_an_empty_home_lacks_models_and_says_how_to_get_them(settings: Settings) -> None:
    by_name = found(settings)
    assert by_name["chat model"].severity == "warning"
    assert by_name["embedding model"].severity == "error"
    assert by_name["embedding model"].remedy == "pincite models pull"
    assert by_name["speech model"].severity == "warning"
    assert by_name["speech model"].remedy == "pincite models pull whisper-base"
    assert {"python", "home", "disk", "sqlite", "processor", "pdf"} <= set(by_name)


def test_a_home_that_cannot_be_looked_into_is_a_finding(tmp_path: Path) -> None:
    by_name = found(Settings(home=tmp_path / ("long" * 100)))  # each look at it is an OSError
    assert by_name["contents"].severity == "error"
    assert by_name["disk"].severity in ("ok", "warning")


def test_a_home_below_a_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert found(Settings(home=tmp_path / "file" / "home"))["home"].severity == "error"


def test_every_finding_that_is_not_ok_has_a_remedy(settings: Settings) -> None:
    for check in checks_checks(settings):
        assert bool(check.remedy) == (check.severity != "ok"), check


def test_rows_have_the_promised_fields(settings: Settings) -> None:
    for row in map(asdict, checks_checks(settings)):
        assert list(row) == ["name", "severity", "message", "remedy"]


def test_it_is_quick(settings: Settings) -> None:
    started = time.process_time()  # of the processor: the machine may be busy with other things
    checks_checks(settings)
    assert time.process_time() - started < 5  # under two seconds


def test_a_library_is_counted_and_a_damaged_one_is_named(settings: Settings) -> None:
    for name in ("good", "bad"):
        (settings.libraries_folder / name).mkdir(parents=True)
    good = sqlite3.connect(settings.libraries_folder / "good" / "catalog.sqlite")
    good.execute("CREATE TABLE document (id INTEGER, chunks INTEGER)")
    good.close()
    (settings.libraries_folder / "bad" / "catalog.sqlite").write_bytes(b"not a database" * 100)
    by_name = found(settings)
    assert by_name["library good"].message == "0 documents"
    assert by_name["library bad"].severity == "error"
    assert by_name["library bad"].remedy == "pincite verify --library bad"


def test_a_chosen_file_that_is_not_a_model_is_said(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "letter.gguf").write_text("Dear all")
    named = Settings(home=settings.home, chat_model=str(tmp_path / "letter.gguf"))
    assert "not a GGUF model" in found(named)["chat model"].message


def test_a_speech_model_is_named_and_one_that_is_gone_is_said(settings: Settings) -> None:
    folder = settings.models_folder / "whisper-mine"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"weights")
    check = found(settings)["speech model"]
    assert (check.severity, check.message) == ("ok", "whisper-mine")
    gone = found(Settings(home=settings.home, speech_model="whisper-other"))["speech model"]
    assert (gone.severity, gone.remedy) == ("warning", "pincite models list")


def test_it_says_what_decodes_and_hears_recordings() -> None:
    heard = doctor._recordings(child("print('1.2')"))
    assert (heard.severity, heard.message) == ("ok", "faster-whisper 1.2 and FFmpeg")
    broken = doctor._recordings(child("import a_module_that_is_not_there"))
    assert broken.severity == "warning"
    assert "pip install --force-reinstall faster-whisper av" in broken.remedy


def child(code: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals of this kind")
def test_a_library_for_another_processor_becomes_a_sentence(settings: Settings) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    check = doctor._runtime(child(crash), settings)
    assert check.severity == "warning"
    assert "built for another processor" in check.message


def test_a_missing_runtime_is_a_warning_with_the_command(settings: Settings) -> None:
    check = doctor._runtime(child("import a_module_that_is_not_there"), settings)
    assert check.severity == "warning"
    assert "answers are sentences of the documents" in check.message
    assert "pip install" in check.remedy


@pytest.mark.parametrize("broken", ["import a_dependency_that_is_not_there", "raise ImportError"])
def test_a_half_installed_runtime_points_to_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    (tmp_path / "llama_cpp.py").write_text(broken)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "llama_cpp", raising=False)
    with pytest.raises(ModelRuntimeMissing, match=r"does not load .*pincite doctor"):
        runtime.runtime.__wrapped__()


def test_a_missing_compiler_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    check = doctor._runtime(child("import a_module_that_is_not_there"), settings)
    assert check.remedy.startswith("Install a C and C++ compiler")


def test_a_library_that_hangs_does_not_hang_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "IMPORT_SECONDS", 0.2)
    assert "it did not respond" in doctor._pdf(child("import time; time.sleep(30)")).message


def scans(settings: Settings, code: str = "print('3.10')") -> doctor.Check:
    return scans_check(settings, child(code))


def test_it_says_what_reads_scans_and_in_which_languages(tmp_path: Path) -> None:
    check = scans(Settings(home=tmp_path, ocr_languages=("en", "de")))
    assert check.severity == "ok"
    assert check.message.startswith("RapidOCR 3.10, for en, de")


def test_a_language_that_the_engine_does_not_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr_engines, "which", lambda name: None)
    check = scans(Settings(home=tmp_path, ocr_languages=("en", "ru")))
    assert (check.severity, check.message) == ("warning", "RapidOCR 3.10 does not read ru.")
    assert "Install Tesseract" in check.remedy


@pytest.mark.parametrize(
    ("installed", "severity", "said"),
    [({"eng", "rus"}, "ok", "Tesseract, for en, ru"), ({"rus"}, "warning", "no data for eng.")],
)
def test_where_tesseract_reads_instead_its_missing_data_is_named(
    installed: set[str], severity: str, said: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(ocr_engines, "which", lambda name: name)
    monkeypatch.setattr(
        ocr_engines.Tesseract, "_run", lambda self, given: "\n".join(["", *installed])
    )
    check = scans(Settings(home=tmp_path, ocr_languages=("en", "ru")))
    assert check.severity == severity and said in check.message


def test_scans_that_are_not_read_are_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    off = scans(Settings(home=tmp_path, ocr="off"))
    assert "not read" in off.message
    assert "PINCITE_OCR" in off.remedy
    absent = scans(Settings(home=tmp_path, ocr="tesseract"))
    assert absent.message.startswith("Tesseract is not installed.")
    broken = scans(Settings(home=tmp_path), "import a_module_that_is_not_there")
    assert "pip install --force-reinstall rapidocr" in broken.remedy
    assert {check.severity for check in (off, absent, broken)} == {"warning"}
