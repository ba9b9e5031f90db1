"""The words of answer.js in the language of the visitor. Their places are filled in the browser."""

from assistant.i18n.translation import _


def words() -> dict[str, str]:
    """By the names that answer.js knows."""
    return {
        "page": _("page {page}"),
        "short_page": _("p. {page}"),
        "unstated": _("no line states this"),
        "unstated_words": _("no line states {words}"),
        "not_found": _("not found in the documents"),
        "copy": _("Copy"),
        "copied": _("Copied"),
        "blocked": _("Copying is blocked here"),
        "copy_code": _("Copy the code"),
        "code": _("code"),
        "closest_lines": _("The closest lines"),
        "heard_lines": _("The lines that this sentence comes from"),
        "sources": _("Sources"),
        "source": _("Source {mark}: {document}, {place}"),
        "closest": _("Closest lines {mark}: {document}, {place}"),
        "open_source": _("Open source {mark}: {document}, {place}"),
        "open": _("Open {document}, {place}"),
    }
