"""Writes the PDFs of the sample company from the texts in `content/`.

Topics that no document covers, so that questions about them have no answer: parental leave,
sabbaticals, company cars, share plans, private health insurance, dress code, retirement age,
salary bands, dividend per share, earnings per share, pay of the board, second-quarter revenue,
security certificates, names of security products, cyber insurance, camera surveillance.
"""

import argparse
from pathlib import Path

from press.scan import scan
from press.typeset import typeset

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
