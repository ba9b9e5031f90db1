"""The page on which people sign in, in the language of their browser."""

import html
from dataclasses import dataclass
from pathlib import Path

from assistant.entrance.tries import WAIT
from assistant.i18n import language
from assistant.i18n.translation import _

_PAGE = Path(__file__).with_name("sign_in.html").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Field:
    """An input; the browser's keeper of passwords knows what it is by `autocomplete`."""

    name: str
    label: str
    autocomplete: str
    type: str = "password"


@dataclass(frozen=True)
class Form:
    """What is asked; all texts are marked with `N_`, and translated when the page is made."""

    fields: tuple[Field, ...]
    button: str
    wrong: str  # the sentence for who is not let in
    where: str = ""  # where to find what is asked
    elsewhere: str = ""  # a provider where one may sign in instead, and the path to it:
    path: str = ""

    def page(self, accepted: str, notice: str = "") -> str:
        """`accepted`: the header Accept-Language. `notice`: what went wrong before."""
        spoken = language.best(accepted)
        with language.speaking(spoken):
            texts = {
                "lang": spoken,
                "notice": _(notice, seconds=f"{WAIT:.0f}") if notice else "",
                "where": _(self.where) if self.where else "",
                "button": _(self.button),
            }
            page = _PAGE.replace("<!--fields-->", "\n".join(map(_input, self.fields)))
            page = page.replace("<!--elsewhere-->", self._link())
        for name, text in texts.items():
            page = page.replace(f"<!--{name}-->", html.escape(text))
        return page

    def _link(self) -> str:
        if not self.elsewhere:
            return ""
        words = html.escape(_("Sign in with {place}", place=self.elsewhere))
        return f'<p><a href="{html.escape(self.path)}">{words}</a></p>'


def _input(field: Field) -> str:
    attributes = f'id="{field.name}" name="{field.name}" type="{field.type}"'
    return (
        f'<label for="{field.name}">{html.escape(_(field.label))}</label>\n'
        f'<input {attributes} autocomplete="{field.autocomplete}" autocapitalize="none" required>'
    )
