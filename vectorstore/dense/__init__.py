"""Vectors become nearest passages: Chroma, and an exact scan beside it."""
