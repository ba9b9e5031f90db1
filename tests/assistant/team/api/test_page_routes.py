"""Pages and their pictures."""

import httpx

from tests.assistant.team.api.conftest import STAFF


def test_a_page_has_lines_with_boxes_and_a_picture_with_marks(client: httpx.Client) -> None:
    page = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1").json()
    box = page["lines"][0]["box"]
    marked = {"box": ",".join(map(str, box))}
    plain = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1.png")
    pen = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1.png", params=marked)
    assert plain.headers["content-type"] == "image/png"
    assert plain.content[:4] == pen.content[:4] == b"\x89PNG"
    assert plain.content != pen.content


def test_the_ledger_tells_where_the_text_of_each_page_went(client: httpx.Client) -> None:
    [page] = client.get(f"{STAFF}/documents/Handbook.pdf/ledger").json()
    read = page["extracted"] + page["ocr"]
    assert page["page"] == 1 and read > 20
    assert read == page["indexed"] + sum(dropped["characters"] for dropped in page["dropped"])
    unknown = client.get(f"{STAFF}/documents/None.pdf/ledger")
    assert unknown.status_code == 404 and "None.pdf" in unknown.json()["error"]["message"]
