"""Names of files as people see them: nothing moves a cursor, turns the text or ends a line."""

_LONGEST = 1000  # letters


def readable(name: str) -> str:
    """Control and bidi characters as a visible mark; a name as long as a page is shortened."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]}…{shown[-100:]}"
