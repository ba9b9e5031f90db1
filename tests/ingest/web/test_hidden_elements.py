"""Text that a browser does not show is marked as hidden, and text that it shows is not."""

import time
import tracemalloc
from pathlib import Path

import pytest
from lxml import html

from ingest.document.source import Source
from ingest.web.hidden_elements import Cascade, Visibility
from ingest.web.loaders import load_html
from tests.ingest.made import hidden, lines, read, written

# Each page holds one element of the class `x`, whose text nobody sees.
HIDDEN = {
    "a hidden attribute": "<p class=x hidden>secret</p>",
    "display in its own style": "<p class=x style='display: none'>secret</p>",
    "a class": "<style>.x { display: none }</style><p class=x>secret</p>",
    "an escape in the selector": r"<style>.\78 { display: none }</style><p class=x>secret</p>",
    "an escape in the value": r"<style>.x { display: n\6fne }</style><p class=x>secret</p>",
    "an escape in the property": r"<p class=x style='d\69splay: none'>secret</p>",
    "a comment in the value": "<style>.x{display:/* y */none}</style><p class=x>secret</p>",
    "capital letters": "<style>P.x { DISPLAY: NONE }</style><p class=x>secret</p>",
    "a media query": "<style>@media screen { .x { display: none } }</style><p class=x>secret</p>",
    "a wide screen": "<style>@media (min-width: 30em) {.x{display:none}}</style><p class=x>s</p>",
    "a range of widths": (
        "<style>@media (400px <= width < 2000px) and (hover) {.x{display:none}}</style>"
        "<p class=x>secret</p>"
    ),
    "not on paper": "<style>@media not print {.x{display:none}}</style><p class=x>secret</p>",
    "a sheet for screens": "<style media='print, screen'>.x{display:none}</style><p class=x>s</p>",
    "support": "<style>@supports (display: grid) {.x{display:none}}</style><p class=x>secret</p>",
    "no support": "<style>@supports not (not (a: b)) {.x{display:none}}</style><p class=x>s</p>",
    "a layer": "<style>@layer base { .x { display: none } }</style><p class=x>secret</p>",
    "a later layer": (
        "<style>@layer a, b; @layer b { .x { display: none } } @layer a { p.x { display: block } }"
        "</style><p class=x>secret</p>"
    ),
    "an important layer": (
        "<style>@layer a { .x { display: none !important } } .x { display: block !important }"
        "</style><p class=x>secret</p>"
    ),
    "a container": "<style>@container (width > 1px) {.x{display:none}}</style><p class=x>s</p>",
    "a named container": "<style>@container a (width>1px) {.x{display:none}}</style><p class=x>s",
    "a container's name": "<style>@container a {.x{display:none}}</style><p class=x>secret</p>",
    "the last of two": "<style>.x{display:block;display:none}</style><p class=x>secret</p>",
    "importance": (
        "<style>.x { display: none !important }</style><p class=x style='display:block'>secret</p>"
    ),
    "specificity": (
        "<style>p.x { display: none } p { display: block }</style><p class=x>secret</p>"
    ),
    "an id": "<style>#i {display:none} body p.x {display:block}</style><p class=x id=i>secret</p>",
    "nesting": "<style>main { & > p { display: none } }</style><main><p class=x>secret</p></main>",
    "nesting without a sign": "<style>main{ .x {display:none} }</style><main><p class=x>s</main>",
    "a query in a rule": (
        "<style>.x { color: red; @media screen { display: none } }</style><p class=x>secret</p>"
    ),
    "a variable": "<style>:root{--d:none} .x{display:var(--d)}</style><p class=x>secret</p>",
    "a variable that is missing": "<p class=x style='display: var(--y, none)'>secret</p>",
    "a variable of a variable": (
        "<style>.x { --a: var(--b); --b: 0; opacity: var(--a) }</style><p class=x>secret</p>"
    ),
    "a negation": "<style>p:not(.y) { display: none }</style><p class=x>secret</p>",
    "what it holds": "<style>p:has(> i) { display: none }</style><p class=x><i>secret</i></p>",
    "its place": "<style>p:nth-of-type(2n) {display:none}</style><p>a</p><p class=x>secret</p>",
    "an attribute": "<style>[data-a^=b i] {display:none}</style><p class=x data-a=BC>secret</p>",
    "one selector of many": "<style>p:unknown-one, .x{display:none}</style><p class=x>secret</p>",
    "an element around it": "<div style='display:none'><p class=x>secret</p></div>",
    "visibility": "<p class=x style='visibility: hidden'>secret</p>",
    "visibility around it": "<div style='visibility: collapse'><p class=x>secret</p></div>",
    "opacity": "<p class=x style='opacity: 0.0'>secret</p>",
    "opacity in percent": "<p class=x style='opacity: 1%'>secret</p>",
    "skipped content": "<p class=x style='content-visibility: hidden'>secret</p>",
    "a clip": "<p class=x style='position: absolute; clip: rect(0 0 0 0)'>secret</p>",
    "a clip of a pixel": "<p class=x style='position:absolute;clip:rect(1px,1px,1px,1px)'>s</p>",
    "a path that leaves nothing": "<p class=x style='clip-path: inset(50%)'>secret</p>",
    "a circle without radius": "<p class=x style='clip-path: circle(0)'>secret</p>",
    "a polygon without area": "<p class=x style='clip-path: polygon(0 0, 0 0, 0 0)'>secret</p>",
    "no height": "<p class=x style='height: 0; overflow: hidden'>secret</p>",
    "no height at most": "<p class=x style='max-height: 0px; overflow-y: clip'>secret</p>",
    "no width": "<p class=x style='width: 1px; overflow: hidden'>secret</p>",
    "left of the page": "<p class=x style='position: absolute; left: -9999px'>secret</p>",
    "above the page": "<p class=x style='position: fixed; inset: -999em auto auto 0'>secret</p>",
    "an indent": "<p class=x style='text-indent: -9999px'>secret</p>",
    "a margin": "<p class=x style='margin-left: -5000px'>secret</p>",
    "moved away": "<p class=x style='transform: translateX(-9999px)'>secret</p>",
    "shrunk": "<p class=x style='transform: scale(0)'>secret</p>",
    "letters of no size": "<p class=x style='font-size: 0'>secret</p>",
    "letters of no size in short": "<p class=x style='font: 0/0 a'>secret</p>",
    "a part of no size": "<div style='font-size: 0px'><p class=x style='font-size:2em'>s</p></div>",
    "letters without colour": "<p class=x style='color: transparent'>secret</p>",
    "letters that are clear": "<p class=x style='color: rgb(0 0 0 / 0%)'>secret</p>",
    "the colour behind it": "<p class=x style='color: #fff; background: white'>secret</p>",
    "the colour behind it, written otherwise": (
        "<style>.x { background: hsl(0, 100%, 50%) } p { color: rgb(255 0 0) }</style>"
        "<p class=x>secret</p>"
    ),
    "the colour behind all": "<div style='background:#00f'><p class=x style='color:blue'>s</p>",
    "white on white": "<p class=x style='color: white'>secret</p>",
    "a colour by attribute": "<font class=x color=white>secret</font>",
    "a colour after many spaces": f"<font class=x color='{' ' * 999}white'>secret</font>",
    "a cell of one colour": "<table><tr><td class=x bgcolor=red style='color:red'>secret</table>",
    "a part that is never shown": "<template class=x>secret</template>",
}  # fmt: skip

# What stands in the element of the class `x` is seen.
SEEN = {
    "plain text": "<p class=x>shown</p>",
    "print only": "<style>@media print { .x { display: none } }</style><p class=x>shown</p>",
    "small screens only": "<style>@media (max-width: 600px) {.x{display:none}}</style><p class=x>s",
    "a sheet for paper": "<style media=print>.x { display: none }</style><p class=x>shown</p>",
    "no support": "<style>@supports not (display: grid) {.x{display:none}}</style><p class=x>s</p>",
    "another class": "<style>.y { display: none }</style><p class=x>shown</p>",
    "a later rule": "<style>.x{display:none} .x{display:block}</style><p class=x>shown</p>",
    "its own style wins": "<style>.x{display:none}</style><p class=x style='display:block'>s</p>",
    "an earlier layer": "<style>@layer a {.x{display:none}} p{display:block}</style><p class=x>s",
    "a state": "<style>.x:hover { display: none }</style><p class=x>shown</p>",
    "what is drawn before it": "<style>.x::before { display: none }</style><p class=x>shown</p>",
    "keyframes": "<style>@keyframes x { from { opacity: 0 } }</style><p class=x>shown</p>",
    "a comment": "<style>/* .x { display: none } */</style><p class=x>shown</p>",
    "a string": "<style>p { content: '} .x { display: none' }</style><p class=x>shown</p>",
    "visible in what is not": "<b style='visibility:hidden'><i class=x style='visibility:inherit;"
    "visibility:visible'>shown",
    "letters with a size again": "<div style='font-size:0'><p class=x style='font-size:16px'>s</p>",
    "a colour again": "<div style='color:transparent'><p class=x style='color:#000'>shown</p>",
    "white on black": "<div style='background:#000'><p class=x style='color:#fff'>shown</p></div>",
    "white on a picture": (
        "<div style='background:#fff'><p class=x style='background:url(a.png);color:#fff'>s</p>"
    ),
    "white above a picture": (
        "<body style='background:#fff'><p class=x style='position:absolute;color:#fff'>shown</p>"
    ),
    "letters cut from a picture": (
        "<p class=x style='color:transparent;background:linear-gradient(red,blue);"
        "background-clip:text'>shown</p>"
    ),
    "a variable": "<style>:root{--d:none} .x{--d:block;display:var(--d)}</style><p class=x>s</p>",
    "a variable that nobody sets": "<p class=x style='display: var(--y)'>shown</p>",
    "the last of two": "<style>.x{display:none;display:block}</style><p class=x>shown</p>",
    "no height, but no cut": "<p class=x style='height: 0'>shown</p>",
    "a frame kept in shape": "<p class=x style='height:0;overflow:hidden;padding-bottom:56%'>s</p>",
    "half clear": "<p class=x style='opacity: .5'>shown</p>",
    "small letters": "<div style='font-size: .8em'><p class=x style='font-size: 85%'>shown</p>",
    "moved a little": "<p class=x style='position: relative; left: -20px; top: -100px'>shown</p>",
    "moved by its own size": "<p class=x style='transform: translate(-50%, -100%)'>shown</p>",
    "a column": "<p class=x style='margin-left: -100%'>shown</p>",
    "cut at its edges": "<p class=x style='clip-path: inset(10% round 5px)'>shown</p>",
    "cut by its corners": "<p class=x style='clip-path: inset(round 60%)'>shown</p>",
    "cut by pixels": "<p class=x style='clip-path: inset(50px round 5%)'>shown</p>",
    "cut by nothing": "<p class=x style='clip-path: inset(%)'>shown</p>",
    "no container": "<style>@container a not (width > 1px) {.x{display:none}}</style><p class=x>s",
    "a narrow cell": "<table><tr><td class=x style='width:1px;overflow:hidden'>shown</table>",
}  # fmt: skip


def reason(page: str) -> str:
    root = html.document_fromstring(page)
    visibility = Visibility(root)
    assert visibility.complete
    (element,) = root.find_class("x")
    return visibility.hidden_reason(element)


@pytest.mark.parametrize("page", HIDDEN.values(), ids=HIDDEN)
def test_a_paragraph_is_hidden_by(page: str) -> None:
    assert reason(page)


@pytest.mark.parametrize("page", SEEN.values(), ids=SEEN)
def test_a_paragraph_is_seen_with(page: str) -> None:
    assert reason(page) == ""


NONE = "{display:none}"
DOUBLED = "".join(f"--a{n}:var(--a{n + 1}) var(--a{n + 1});" for n in range(50))
# Style sheets that ask for far more than a second of work, each with the body that makes it so.
ENDLESS = {
    "ancestors of ancestors": (f".q div div div div div p{NONE}", "<div>" * 90 + "<p>x</p>" * 900),
    "siblings of siblings": (f"p ~ p ~ p.q ~ p{NONE}", "<p>x</p>" * 9_000),
    "what holds what": (f"*:has(:has(:has(b))){NONE}", "<div>" * 200 + "<p>x</p>" * 9_000),
    "siblings counted": (f"p:nth-last-of-type(2n+1){NONE}" * 9, "<p>x</p>" * 9_000),
    "rules for everything": (f"*{NONE}" * 9_000, "<p>x</p>" * 9_000),
    "rules to compile": (f"{'a ' * 60}{NONE}" * 2_000, ""),
    "rules in a long list": (f"{'a,' * 90}b{{{f'.c{NONE}' * 9_000}}}", ""),
    "variables of variables": (f"p{{{DOUBLED}left:var(--a0)}}", "<p>x</p>" * 9),
    "rules in rules": (f"{'a & b{' * 99}", ""),
    "layers in layers": (f"@layer {'a.' * 60_000}b{{}}", ""),
    "selectors in selectors": (f"{':not(' * 400}p{')' * 400}{NONE}", ""),
    "a long selector": (f"{'div ' * 3_000}{NONE}", ""),
    "a long sheet": (" " * 2_100_000, ""),
}


@pytest.mark.parametrize(("sheet", "body"), ENDLESS.values(), ids=ENDLESS)
def test_a_style_sheet_that_would_take_too_long_is_left_off(sheet: str, body: str) -> None:
    root = html.document_fromstring(f"<style>{sheet}</style><i>text</i>{body}")
    began = time.process_time()
    cascade = Cascade(root, seconds=0.2)
    styles = [cascade.style(node) for node in cascade.nodes()]
    assert not cascade.complete
    assert len(styles) == sum(1 for _ in root.iter("*"))
    assert time.process_time() - began < 8


@pytest.mark.parametrize("page", [
    f"<style>{'.long-name ' * 300}{{{'&,' * 20_000}p{NONE}}}</style><p>text</p>",
    f"<style>{'.long-name ' * 300}{{{'&' * 20_000}{NONE}}}</style><p>text</p>",
    f"<font color='{'(' * 200_000}'>text</font>",
], ids=["selectors of the rule around it", "a selector of signs", "a colour"])  # fmt: skip
def test_a_style_that_would_take_too_much_memory_is_left_off(page: str) -> None:
    root = html.document_fromstring(page)
    tracemalloc.start()
    Visibility(root)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("sheet", [
    f"a{{width:{'1' * 9_000}}}", r"a\d800{color:\d800;--\d800:x} @\d800 x{}", "a{color:color()}",
    "a{background:color() url(}", "a{opacity:1e99999;left:1e-99999px}", f"a{{color:{'(' * 9_000}",
    f"@media {'(' * 9_000}", "p::before{color:red} p > {} x|p{color:red} :nth-child(x){color:red}",
    "}}} a{}} @ ; @media; {} <!-- --> \\",
])  # fmt: skip
def test_what_is_no_css_does_not_undo_the_rules_before_it(sheet: str) -> None:
    root = html.document_fromstring(f"<style>p{NONE}{sheet}</style><p>secret</p>")
    assert Visibility(root).hidden_reason(root.find(".//p")) == "display: none"


@pytest.mark.parametrize("fault", [OverflowError, IndexError, TypeError])
def test_a_fault_in_one_style_costs_that_style_and_is_noted(fault: type[Exception]) -> None:
    def read(style: str) -> None:
        raise fault(style)

    cascade = Cascade(html.document_fromstring("<p>text</p>"))
    assert cascade.guarded(str.upper, "ok") == "OK" and cascade.complete
    assert cascade.guarded(read, "left: 1px") is None and not cascade.complete


def test_the_page_says_that_its_style_sheet_was_not_followed(tmp_path: Path) -> None:
    sheet = f"p{NONE} {'x{' * 99}"
    path = written(tmp_path / "a.html", f"<style>{sheet}</style><p>secret</p><div>text</div>")
    page, *_ = load_html(Source(path, "0")).pages
    assert "style sheet would take too long" in page.note
    assert [line.hidden for line in page.lines] == ["display: none", ""]


def test_what_is_hidden_in_tables_and_deep_parts_is_marked(tmp_path: Path) -> None:
    body = (
        "<table hidden><tr><th>a<th>b<tr><td>c<td>d</table>"
        "<table><tr><th>e<th>f<tr hidden><td>g<td>h<tr><td>i<td>j <i hidden>k</i></table>"
        + "<div>" * 300
        + "<i>l <b hidden>m <u>n</u></b> o</i>"
    )
    document = read(written(tmp_path / "a.html", body))
    assert [text for _, text in hidden(document)] == ["a | b", "c | d", "g | h", "k", "m n"]
    assert [line for line in lines(document) if "l" in line or "o" in line] == ["l", "o"]
