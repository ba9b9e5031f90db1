"""Pages and their pictures."""

import httpx

from tests.assistant.api.conftest import STAFF


def test_a_page_has_lines_with_boxes_and_a_picture_with_marks(client: httpx.Client) -> None:
    page = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1").json()
    box = page["lines"][0]["box"]
    marked = {"box": ",".join(map(str, box))}
    plain = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1.png")
    pen = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1.png", params=marked)
    assert plain.headers["content-type"] == "image/png"
    assert plain.content[:4] == pen.content[:4] == b"\x89PNG"
    assert plain.content != pen.content
