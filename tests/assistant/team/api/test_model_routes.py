"""The models of the server."""

import httpx

from assistant.team.api.served_libraries import Libraries


def test_the_catalogue_tells_what_is_there_and_no_folder_of_ours(
    client: httpx.Client, libraries: Libraries
) -> None:
    mine = libraries.settings.models_folder / "mine.gguf"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"GGUF")

    answer = client.get("/api/models")

    rows = {row["name"]: row for row in answer.json()}
    default = next(row for row in rows.values() if row["role"] == "chat" and row["sha256"])
    assert default["licence"] and default["bytes"] > 1e8 and not default["installed"]
    assert rows["mine.gguf"]["installed"] and rows["mine.gguf"]["sources"] == ["path"]
    assert str(libraries.settings.home) not in answer.text
