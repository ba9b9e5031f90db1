from pathlib import Path

import pytest

from assistant.doctor import checks
from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.wiring import composition
from assistant.wiring.places import located


def test_without_a_cluster_this_machine_reads(tmp_path: Path) -> None:
    (check,) = checks.check_reading_workers(Settings(home=tmp_path))
    assert (check.severity, check.message) == ("ok", "files are read by processes of this machine")


def test_workers_that_do_not_answer_are_named(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    (check,) = checks.check_reading_workers(Settings(home=tmp_path, workers="ray://127.0.0.1:9"))
    assert check.severity == "error"
    assert check.message.startswith("The workers at ray://127.0.0.1:9 do not answer.")


def test_an_address_that_is_none_is_refused_when_it_is_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'workers': 'ray://host' is not an address of Ray"):
        Settings.load(home=tmp_path, workers="ray://host")


def test_the_network_guard_lets_the_address_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let: list[tuple[str, int, str]] = []
    monkeypatch.setattr("assistant.wiring.places.permit", lambda *given: let.append(given))
    settings = Settings(home=tmp_path, workers="ray://ray.example.org:10001")
    with composition.library(settings, make=True):
        assert let == [("ray.example.org", 10001, "workers")]


def test_a_model_is_looked_for_where_the_sender_has_it_and_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path / "home"))
    at_home = tmp_path / "home" / "models" / "small"
    assert located(tmp_path / "small") is None
    at_home.mkdir(parents=True)
    assert located(tmp_path / "small") == at_home
    (tmp_path / "small").mkdir()
    assert located(tmp_path / "small") == tmp_path / "small"
