"""Writes the PDFs of the sample company from the texts in `content/`; knows none of their facts."""

import argparse
from pathlib import Path

from press.scan import scan
from press.typeset import typeset

# What no document says, so that questions about it have no answer. A text must not mention it:
# parental and maternity leave, leave for a sick child, sabbaticals, retirement age, dress code,
# pets, parking spaces, company car models, private health insurance, rates of commission, the
# pension insurers, the board's pay, dividend and earnings per share, figures of later quarters or
# of single countries, names of suppliers of chips, the rent in Ghent, names of security products,
# certificates, penetration tests, security policies before 2024.

HERE = Path(__file__).parent
DOCUMENTS = {
    "handbook.md": "Employee Handbook.pdf",
    "report.md": "Quarterly Report Q1 2026.pdf",
    "security-v1.md": "Security Policy v1 (2024).pdf",
    "security-v2.md": "Security Policy v2 (2026).pdf",
}
LETTER = "Letter from the Landlord.pdf"


def generate(folder: Path) -> None:
    """Writes all documents into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for content, name in DOCUMENTS.items():
        typeset(HERE / "content" / content, folder / name)
    scan(HERE / "content" / "letter.txt", folder / LETTER, date="2026-02-13")


def main() -> None:
    """The command line: `python samples/generate.py [--output FOLDER]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE, help="folder for the PDFs")
    generate(parser.parse_args().output)


if __name__ == "__main__":
    main()
