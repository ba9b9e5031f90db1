"""OpenDocument XML becomes paragraphs, lists and tables."""
