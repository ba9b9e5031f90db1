"""What no name may have in it: of a file, a document, a folder, a conversation."""

import unicodedata

from assistant.errors import AssistantError

_NO_SIGNS = ("Cc", "Cs")  # control signs, NUL and line ends among them; halves of UTF-16 pairs


def check_name(name: str, what: str) -> None:
    """Raises AssistantError for signs that a file system, a database or a terminal does not take.
    `what` begins the sentence: "The name of a folder"."""
    for at, sign in enumerate(name):
        if unicodedata.category(sign) in _NO_SIGNS:
            raise AssistantError(
                f"{what} cannot have the control sign {sign!a} in it (place {at + 1}). Give"
                " another name."
            )
