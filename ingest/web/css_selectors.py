"""Which elements of a document the selectors of its style sheet mean. Only home of cssselect.

A selector is cut at its combinators, and the sets of elements that its parts mean are put together.
One XPath for the whole would visit each pair of an element and one around it, for each rule anew:
a small file could keep a reader busy for hours. What is done here is counted, and ends.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    Elements = frozenset[Element] | set[Element]

MOST = 30_000_000  # steps for one document: 3 seconds
_LETTER = 20  # steps that it takes to read a letter of a selector
_KEPT = 2_000_000  # elements in sets that are kept for the next selector: 150 MB
_NONE: "Elements" = frozenset()


class _TooMuch(Exception):
    """There are no steps left for this selector."""


class Selecting:
    """The elements of one tree, by what selectors say of them."""

    def __init__(self, root: "Element", most: int = MOST) -> None:
        self.complete = True  # no selector was left out because it takes too long
        self._left = most
        self._root = root
        self._all: Elements = frozenset(e for e in root.iter() if isinstance(e.tag, str))
        self._tags: dict[str, set[Element]] = {}
        self._classes: dict[str, set[Element]] = {}
        self._ids: dict[str, set[Element]] = {}
        self._known: dict[str, Elements] = {}  # what a part of a selector means
        self._room = _KEPT
        for element in self._all:
            self._tags.setdefault(str(element.tag), set()).add(element)
            self._ids.setdefault(element.get("id") or "", set()).add(element)
            for name in (element.get("class") or "").split():
                self._classes.setdefault(name, set()).add(element)

    def elements(self, selector: str) -> "Elements":
        """Those that it means; none for one that is wrong, or that would take too long."""
        from cssselect import SelectorError, parse

        try:
            self._charge(_LETTER * len(selector))
            found = [self._of(one.parsed_tree) for one in parse(selector) if not one.pseudo_element]
            self._charge(sum(map(len, found)))
        except (SelectorError, ValueError, NotImplementedError):  # :hover and its like
            return _NONE
        except (_TooMuch, RecursionError):
            self.complete = False
            return _NONE
        return found[0] if len(found) == 1 else frozenset().union(*found)

    def _of(self, tree: Any) -> "Elements":
        key = repr(tree)
        if (known := self._known.get(key)) is not None:
            return known
        found = self._found(tree)
        if len(found) < self._room:
            self._known[key] = found
            self._room -= len(found) + 1
        return found

    def _found(self, tree: Any) -> "Elements":
        match type(tree).__name__:
            case "CombinedSelector":
                left = self._of(tree.selector)
                right = self._of(tree.subselector) if left else _NONE
                return self._combined(left, tree.combinator, right) if right else _NONE
            case "Element" if not tree.namespace:
                name = tree.element
                return self._all if name is None else self._tags.get(name.lower(), _NONE)
            case "Class":
                return self._both(tree.selector, self._classes.get(tree.class_name, _NONE))
            case "Hash":
                return self._both(tree.selector, self._ids.get(tree.id, _NONE))
            case "Negation":
                found, without = self._of(tree.selector), self._of(tree.subselector)
                self._charge(len(found))
                return found - without
        return self._by_path(tree)

    def _both(self, tree: Any, others: "Elements") -> "Elements":
        if not others:
            return _NONE
        found = self._of(tree)
        self._charge(min(len(found), len(others)))
        return others if found is self._all else found & others

    def _by_path(self, tree: Any) -> "Elements":
        """What has no combinator in it, or only in brackets."""
        from cssselect import HTMLTranslator
        from lxml.etree import XPathError

        part, cost = tree, len(self._all)
        while hasattr(part, "selector"):
            cost += self._costs.get(type(part).__name__, len(self._all))
            part = part.selector
        self._charge(cost)
        try:
            found = self._root.xpath(f"descendant-or-self::{HTMLTranslator().xpath(tree)}")
        except XPathError:  # a namespace that nobody has declared
            return _NONE
        return self._all.intersection(found) if isinstance(found, list) else _NONE

    @cached_property
    def _costs(self) -> dict[str, int]:
        """XPath visits all pairs of children of one element, or of an element and one around it."""
        siblings = sum(len(element) ** 2 // 2 for element in self._all)
        depths: dict[Element | None, int] = {}
        for element in self._root.iter("*"):
            depths[element] = depths.get(element.getparent(), 0) + 1
        return {"Function": siblings, "Pseudo": siblings, "Relation": sum(depths.values())}

    def _combined(self, left: "Elements", how: str, right: "Elements") -> "Elements":
        related: dict[str, Callable[[Elements, Elements], Elements]] = {
            " ": self._inside, ">": self._children, "+": self._next, "~": self._behind,
        }  # fmt: skip
        self._charge(len(right))
        return related[how](left, right)

    def _children(self, left: "Elements", right: "Elements") -> "Elements":
        return {element for element in right if element.getparent() in left}

    def _inside(self, left: "Elements", right: "Elements") -> "Elements":
        known: dict[Element | None, bool] = {None: False}
        found = set()
        for element in right:
            parent = element.getparent()
            if parent in left or self._within(parent, left, known):
                found.add(element)
        return found

    def _within(
        self, element: "Element | None", left: "Elements", known: "dict[Element | None, bool]"
    ) -> bool:
        """Whether it or one around it is among those; what was found on the way is noted."""
        way = []
        while element is not None and element not in known and element not in left:
            way.append(element)
            element = element.getparent()
        found = known.get(element, True)
        self._charge(len(way))
        known.update(dict.fromkeys(way, found))
        return found

    def _next(self, left: "Elements", right: "Elements") -> "Elements":
        return {e for e in right if next(e.itersiblings("*", preceding=True), None) in left}

    def _behind(self, left: "Elements", right: "Elements") -> "Elements":
        found: set[Element] = set()
        for parent in {element.getparent() for element in left}:
            if parent is None:
                continue
            self._charge(len(parent))
            seen = False
            for child in parent:
                if seen and child in right:
                    found.add(child)
                seen = seen or child in left
        return found

    def _charge(self, steps: int) -> None:
        if steps > self._left:
            raise _TooMuch
        self._left -= steps
