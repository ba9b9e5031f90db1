"""Small pictures as addresses that carry them."""

import base64


def of_jpeg(picture: bytes) -> str:
    """For the `src` of an image."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
