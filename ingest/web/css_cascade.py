"""Which declarations of a document's own style sheets win for each of its elements.

Only home of cssselect2. Sheets elsewhere are never fetched. The time that all selectors of a
document may take together is bounded: what they say beyond it is left out.
"""

from collections.abc import Callable, Iterator
from time import process_time
from typing import TYPE_CHECKING, Any

from cssselect2 import ElementWrapper, Matcher, compile_selector_list
from tinycss2 import parse_component_value_list

from ingest.web.css_conditions import matches_screen
from ingest.web.css_rules import (
    LONGEST_SELECTOR,
    Declaration,
    Rule,
    RuleParser,
    inline_declarations,
)
from ingest.web.css_values import with_variables

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

SECONDS = 3.0  # of the processor, for the style sheets of one document
_EACH = 80e-6  # seconds more for each element
_MOST_SECONDS = 20.0
_LONGEST = 2_000_000  # letters of its style sheets; tinycss2 takes up to 2 s for a million
_LONG = 100_000  # letters of one `style` attribute

Style = dict[str, str]  # of each property the value, as CSS


class TooMuch(Exception):
    """There is no time left."""


class Cascade:
    """The styles of one document's elements."""

    def __init__(self, root: "Element", seconds: float = SECONDS) -> None:
        self.complete = True  # nothing was left out because it takes too long
        self._root = root
        self._end = process_time() + seconds
        self._latest = process_time() + _MOST_SECONDS
        self._steps = 0
        self._inline: dict[str, list[Declaration]] = {}
        self._matcher = _Matcher()
        parser, room = RuleParser(), _LONGEST
        for sheet in root.iter("style"):
            text = sheet.text or ""
            media = (sheet.get("media") or "")[:LONGEST_SELECTOR]
            if self.guarded(lambda m=media: matches_screen(parse_component_value_list(m))):
                self.guarded(self._add, parser, text[:room])
                self.complete = self.complete and len(text) <= room
                room = max(room - len(text), 0)

    def spend(self, steps: int = 1) -> None:
        """Count steps; 64 take time enough to look at the clock. Raises TooMuch when it is late."""
        self._steps += steps
        if self._steps >= 64:
            if process_time() > self._end:
                raise TooMuch
            self._steps = 0

    def guarded(self, work: Callable[..., Any], *given: Any) -> Any:
        """What the work comes to; None, and `complete` no more, where it fails."""
        try:
            return work(*given)
        except MemoryError:
            raise
        except Exception:  # whatever one style does to the libraries costs that style alone
            self.complete = False
            return None

    def nodes(self) -> "Iterator[Node]":
        """The elements in document order."""
        stack = [Node.from_html_root(self._root)]
        stack[0].spend = self.spend
        while stack:
            self._end = min(self._end + _EACH, self._latest)
            yield (node := stack.pop())
            stack += reversed([*node.children()])

    def style(self, node: "Node") -> Style:
        """The values that win for an element, also those of its `style`, in lower case."""
        style = self._declared(node)
        node.variables = {n: v for n, v in style.items() if n[:2] == "--"} if style else style
        for name, value in style.items():
            if "var(" in value.lower() and name not in node.variables:
                style[name] = self.guarded(with_variables, value, node.variable) or ""
        return {name: value.lower() for name, value in style.items()}

    def _declared(self, node: "Node") -> Style:
        ranked: list[tuple[Any, ...]] = []
        matched = self.guarded(self._matcher.match, node) if self._matcher.order else None
        for specificity, order, _, rule in matched or []:
            for n, (name, value, important) in enumerate(rule.declarations):
                layer = tuple(-one for one in rule.layer) if important else rule.layer
                ranked.append((important, False, layer, specificity, order, n, name, value))
        own = self._own(node.etree_element.get("style") or "")
        ranked += [(one.important, True, n, *one[:2]) for n, one in enumerate(own)]
        return {name: value for *_, name, value in sorted(ranked)}

    def _own(self, text: str) -> list[Declaration]:
        if text and text not in self._inline:
            self._inline[text] = self.guarded(self._read, text) or []
        return self._inline.get(text, [])

    def _read(self, text: str) -> list[Declaration]:
        self.spend(64)
        if len(text) > _LONG:
            raise TooMuch
        return inline_declarations(text)

    def _add(self, parser: RuleParser, text: str) -> None:
        for rule in parser.rules(text):
            self.guarded(self._compile, rule)

    def _compile(self, rule: Rule) -> None:
        self.spend(64)
        if len(rule.selector) > LONGEST_SELECTOR:
            raise TooMuch
        try:
            compiled = compile_selector_list(rule.selector)
        except (ValueError, TypeError, NotImplementedError):  # one that cssselect2 does not know
            return
        for one in compiled:
            if one.pseudo_element is None:
                self._matcher.add_selector(one, rule)


class _Matcher(Matcher):  # type: ignore[misc]
    """Counts each test of a selector."""

    def match(self, element: "Node") -> Any:
        element.spend()
        return super().match(element)

    def add_relevant_selectors(self, element: "Node", selectors: Any, relevant: Any) -> None:
        for one in selectors:
            element.spend()
            super().add_relevant_selectors(element, (one,), relevant)


class Node(ElementWrapper):  # type: ignore[misc]
    """An element as cssselect2 asks for it. What a selector visits from there is counted.

    The library's own chains of elements call themselves, and are kept for each element.
    """

    spend: Callable[[], None]
    variables: Style

    def variable(self, name: str) -> str | None:
        """The value of a `--name` here, or at the nearest element around."""
        node: Node | None = self
        while node is not None and name not in node.variables:
            self.spend()
            node = node.parent
        return node.variables[name] if node is not None else None

    def children(self) -> "Iterator[Node]":
        """The elements in it."""
        for child in super().iter_children():
            child.spend = self.spend
            yield child

    def iter_children(self) -> "Iterator[Node]":
        for child in self.children():
            self.spend()
            yield child

    @property
    def ancestors(self) -> "Iterator[Node]":
        return self._chain("parent")

    @property
    def previous_siblings(self) -> "Iterator[Node]":
        return self._chain("previous")

    def _chain(self, link: str) -> "Iterator[Node]":
        node = self
        while (node := getattr(node, link)) is not None:
            self.spend()
            yield node
