"""The command line with an embedder that needs no model: `python -m tests.pincite_with_words`."""

import sys

from assistant.cli import main
from assistant.wiring import composition
from tests.fakes import WordEmbedder

if __name__ == "__main__":
    composition.embedder = lambda settings: WordEmbedder()
    sys.exit(main.main())
