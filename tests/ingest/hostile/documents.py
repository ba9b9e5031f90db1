"""Documents of words, cells and records that are made to take whoever reads them for ever."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.ingest.made import OFFICE, docx, odf, package, paragraph, pptx, relations, written


def repeated(path: Path) -> Path:
    """A sheet whose one cell is said to be repeated in a thousand columns of a million rows."""
    cell = (
        '<table:table-cell table:number-columns-repeated="1000" office:value-type="string">'
        "<text:p>again</text:p></table:table-cell>"
    )
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    sheet = f'<table:table table:name="a">{row}</table:table>'
    return odf(path, f"<office:spreadsheet>{sheet}</office:spreadsheet>")


def long_string(path: Path, rows: int = 3_000) -> Path:
    """One text of 32,000 letters that is shown in each cell: 2 thousand million letters.

    All cells beside them are one.
    """
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cell = '<c t="s"><v>0</v></c>'
    data = "".join(f"<row>{cell * 20}</row>" for _ in range(rows))
    sheet = (
        f'<sheetData>{data}</sheetData><mergeCells><mergeCell ref="W1:XFD1048576"/></mergeCells>'
    )
    parts = {
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="s1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            "s1 worksheet worksheets/sheet1.xml", "s2 sharedStrings sharedStrings.xml"
        ),
        "xl/worksheets/sheet1.xml": f"<worksheet {main}>{sheet}</worksheet>",
        "xl/sharedStrings.xml": f"<sst {main}><si><t>{'long' * 8_000}</t></si></sst>",
    }
    return package(path, "xl/workbook.xml", parts)


def with_macro(path: Path) -> Path:
    """A document with a script that runs when it is opened in Word."""
    docx(path, paragraph("Text beside a macro."))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/vbaProject.bin", b'Sub AutoOpen()\r\nShell "cmd"\r\nEnd Sub')
    return path


def spans(path: Path) -> Path:
    """A table whose cell is said to be two thousand million columns wide, in tables in tables."""
    cell = (
        '<w:tc><w:tcPr><w:gridSpan w:val="2147483647"/><w:vMerge w:val="restart"/></w:tcPr>'
        "{}<w:p><w:r><w:t>deep</w:t></w:r></w:p></w:tc>"
    )
    body = ""
    for _ in range(60):
        body = f"<w:tbl><w:tr>{cell.format(body)}</w:tr></w:tbl>"
    return docx(path, body)


def groups(path: Path, deep: int = 2_000) -> Path:
    """Shapes in groups in groups."""
    shape = "<p:sp><p:txBody><a:p><a:r><a:t>deep</a:t></a:r></a:p></p:txBody></p:sp>"
    return pptx(path, "<p:grpSp>" * deep + shape + "</p:grpSp>" * deep)


def wide_html(path: Path) -> Path:
    cell = '<td colspan="1000000000" rowspan="1000000000">wide</td>'
    row = f"<tr>{cell * 300}</tr>"
    return written(path, f"<table>{row * 300}</table><p>after</p>")


def selectors(path: Path, number: int = 4_000) -> Path:
    """Rules that each have to be compared with each element, and its ancestors with theirs."""
    rules = "".join(
        f"div div div div div div p:not(.a{n}) span {{color: white; display: none}}\n"
        for n in range(number)
    )
    body = "<div>" * 200 + "<p><span>word</span></p>" * number + "</div>" * 200
    return written(path, f"<style>{rules}</style>{body}")


def attributes(path: Path, number: int = 200_000) -> Path:
    many = " ".join(f'a{n}="1"' for n in range(number))
    return written(path, f"<x {many}>text</x>")


def records(path: Path, number: int = 150_000) -> Path:
    return written(path, "".join(f'{{"id": {n}, "text": "record"}}\n' for n in range(number)))


def bracketed(path: Path, opening: str, number: int, closing: str = "") -> Path:
    return written(path, f"first\n\n{opening * number}{closing}\n\nlast\n")


def mailbox(path: Path, number: int = 40_000) -> Path:
    return written(path, "From a@example.com\nSubject: x\n\ntext\n\n" * number)


def vtt(path: Path) -> Path:
    return written(path, "WEBVTT\n\n" + "99:99:99.999 --> 00:00:00.000\n" * 50_000 + "word\n")


DOCUMENTS: dict[str, Callable[[Path], Path]] = {
    "repeated.ods": repeated,
    "strings.xlsx": long_string,
    "macro.docm": with_macro,
    "spans.docx": spans,
    "groups.pptx": groups,
    "wide.html": wide_html,
    "selectors.html": selectors,
    "attributes.xml": attributes,
    "attributes.html": attributes,
    "records.jsonl": records,
    "digits.json": lambda path: written(path, f'{{"a": {"9" * 3_000_000}}}'),
    "emphasis.md": lambda path: bracketed(path, "*a **b _c ", 20_000),
    "ticks.md": lambda path: bracketed(path, "` `` ``` ", 20_000),
    "links.md": lambda path: bracketed(path, "[a](<b", 20_000),
    "comments.md": lambda path: bracketed(path, "a <!-- b <![CDATA[ <? ", 20_000),
    "table.md": lambda path: written(
        path, "|a" * 5_000 + "|\n" + "|-" * 5_000 + "|\n" + "|\n" * 9_000
    ),
    "quotes.csv": lambda path: written(path, "a,b\n" + '"a,"b",\n' * 300_000),
    "groups.rtf": lambda path: bracketed(path, r"{\rtf1 {\*\x}\u-3 ?\bin99999999 ", 30_000),
    "cells.rtf": lambda path: written(
        path, r"{\rtf1 \trowd" + r"\cellx1" * 200_000 + r"\cell\row}"
    ),
    "fonts.rtf": lambda path: written(
        path, r"{\rtf1{\fonttbl" + r"\f1\fcharset0 a" * 200_000 + "}text}"
    ),
    "fields.rtf": lambda path: written(
        path, r"{\rtf1 " + r'{\field{\*\fldinst{HYPERLINK "a"}}text}' * 50_000 + "}"
    ),
    "mails.mbox": mailbox,
    "times.vtt": vtt,
}
