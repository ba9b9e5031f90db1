"""The command line with an embedder that needs no model: `python -m tests.pincite_with_words`."""

import sys

from assistant import build, cli
from tests.fakes import WordEmbedder

if __name__ == "__main__":
    build.embedder = lambda settings: WordEmbedder()
    sys.exit(cli.main())
