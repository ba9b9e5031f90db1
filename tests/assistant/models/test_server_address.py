"""Addresses of model servers."""

import pytest

from assistant.errors import ModelUnusable
from assistant.models.server_address import ServerAddress


def test_its_parts() -> None:
    address = ServerAddress.parse("https://models.example:8443/v1/#qwen")
    assert address == ServerAddress(
        "https://models.example:8443/v1", "models.example", 8443, "qwen"
    )
    assert str(address) == "https://models.example:8443/v1#qwen"
    assert address and not address.is_here and address.place == "models.example:8443"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_what_is_on_this_machine(host: str) -> None:
    address = ServerAddress.parse(f"http://{host}:8080/v1")
    assert address and address.is_here and address.place == f"{host}:8080"


def test_a_name_or_a_path_is_no_address() -> None:
    assert ServerAddress.parse("qwen2.5-coder-1.5b") is None
    assert ServerAddress.parse("/models/a.gguf") is None


@pytest.mark.parametrize("text", ["http://", "http://a:b@host/v1", "http://host:99999/v1"])
def test_what_is_no_address_of_a_server_is_told(text: str) -> None:
    with pytest.raises(ModelUnusable, match="is no address of a server"):
        ServerAddress.parse(text)
