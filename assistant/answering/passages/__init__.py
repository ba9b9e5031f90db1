"""Hits become the passages that a prompt holds, and the spans that a citation can name."""
