import hashlib
import shutil
from pathlib import Path

import pytest

from assistant.errors import ModelNotFetched
from assistant.models import hub as hub_module
from assistant.models.catalogue import HubFile
from assistant.models.fetch import fetch
from tests.assistant.models.conftest import WEIGHTS, on_hub, small_model
from tests.assistant.models.model_hub import Hub

TOKEN = "hf_of_a_person"


class Stopped(Exception):
    pass


def test_a_partial_file_is_continued(home: Path, cache: Path, hub: Hub) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    home.mkdir()
    (home / "small.gguf.part").write_bytes(WEIGHTS[:1000])
    steps: list[tuple[int, int | None]] = []
    path = fetch(model, home, lambda doing, *step: steps.append(step), cache=cache)
    assert path.read_bytes() == WEIGHTS
    assert hub.ranges == ["bytes=1000-"]
    assert steps[0] == (len(WEIGHTS), len(WEIGHTS))


def test_a_complete_partial_file_is_only_checked(home: Path, cache: Path, hub: Hub) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    home.mkdir()
    (home / "small.gguf.part").write_bytes(WEIGHTS)
    assert fetch(model, home, cache=cache).read_bytes() == WEIGHTS
    assert hub.ranges == []


def test_a_partial_file_that_is_too_long_is_fetched_anew(home: Path, cache: Path, hub: Hub) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    home.mkdir()
    (home / "small.gguf.part").write_bytes(WEIGHTS * 2)
    assert fetch(model, home, cache=cache).read_bytes() == WEIGHTS


def test_a_download_that_is_stopped_leaves_its_bytes_to_the_next(
    home: Path, cache: Path, hub: Hub
) -> None:
    large = WEIGHTS * 500  # 5 MB
    model = small_model(sources=(on_hub(hub, {"small.gguf": large}),))

    def stop(doing: str, done: int, total: int | None) -> None:
        if done >= 2_000_000:
            raise Stopped

    with pytest.raises(Stopped):
        fetch(model, home, stop, cache=cache)
    assert 1_000_000 <= (home / "small.gguf.part").stat().st_size <= 2_000_000
    with pytest.raises(ModelNotFetched, match="it gave other bytes"):
        fetch(model, home, cache=cache)
    first, second = hub.ranges
    assert first == ""
    assert 1_000_000 <= int(second.removeprefix("bytes=").removesuffix("-")) <= 2_000_000


def test_a_connection_that_breaks_is_opened_again(home: Path, cache: Path, hub: Hub) -> None:
    large = WEIGHTS * 50  # 0.5 MB
    sha256 = hashlib.sha256(large).hexdigest()
    source = on_hub(hub, {"small.gguf": large})
    model = small_model(sources=(source,), sha256=sha256, bytes=len(large))
    hub.breaks = [300_000]
    assert fetch(model, home, cache=cache).read_bytes() == large
    assert hub.ranges == ["", "bytes=262144-"]


def test_a_busy_hub_is_asked_again(home: Path, cache: Path, hub: Hub) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    hub.busy = 1
    assert fetch(model, home, cache=cache).read_bytes() == WEIGHTS


def test_a_gated_model_needs_a_token_that_its_storage_does_not_see(
    home: Path, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    hub.token = TOKEN
    with pytest.raises(ModelNotFetched, match=r"accept the terms of owner/small .* set HF_TOKEN"):
        fetch(model, home, cache=cache)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert fetch(model, home, cache=cache).read_bytes() == WEIGHTS
    assert hub.storage_authorizations == [None]


def test_a_file_that_the_hub_does_not_have_is_named_by_its_status(
    home: Path, cache: Path, hub: Hub
) -> None:
    model = small_model(sources=(HubFile("owner/small", "small.gguf"),))
    with pytest.raises(ModelNotFetched, match="the model hub: it answered with status 404"):
        fetch(model, home, cache=cache)


def test_a_hub_without_encryption_is_not_asked(
    home: Path, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    monkeypatch.setattr(hub_module, "_SCHEMES", ("https",))
    with pytest.raises(ModelNotFetched, match=r"127\.0\.0\.1 would send the file without encr"):
        fetch(model, home, cache=cache)


def test_a_redirect_to_a_host_without_encryption_is_not_followed(
    home: Path, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FirstTwo:
        """Takes the HEAD and the GET for encrypted, and not the request after them."""

        left = 2

        def __contains__(self, _: str) -> bool:
            self.left -= 1
            return self.left >= 0

    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    monkeypatch.setattr(hub_module, "_SCHEMES", FirstTwo())
    with pytest.raises(ModelNotFetched, match="localhost would send the file without encryption"):
        fetch(model, home, cache=cache)
    assert hub.ranges == []


def test_only_our_download_connects_where_the_library_is_told_to_stay_offline(
    home: Path, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import OfflineModeIsEnabled

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    source = on_hub(hub, {"small.gguf": WEIGHTS})
    assert fetch(small_model(sources=(source,)), home, cache=cache).read_bytes() == WEIGHTS
    url = hf_hub_url("owner/small", "small.gguf")
    with pytest.raises(OfflineModeIsEnabled):
        get_hf_file_metadata(url)


def test_a_full_disk_is_said_before_anything_is_received(
    home: Path, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_model(sources=(on_hub(hub, {"small.gguf": WEIGHTS}),))
    home.mkdir()
    full = shutil.disk_usage(home)._replace(free=5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(ModelNotFetched, match=r"it needs 0.00 GB in .* and only 0.00 GB is free"):
        fetch(model, home, cache=cache)
    assert hub.ranges == []
