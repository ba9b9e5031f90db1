"""The command line with an embedder that needs no model: `python -m tests.pincite_with_words`."""

import sys

from assistant.build import composition
from assistant.cli import main
from tests.fakes import WordEmbedder

if __name__ == "__main__":
    composition.embedder = lambda settings: WordEmbedder()
    sys.exit(main.main())
