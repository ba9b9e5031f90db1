"""Texts go in, vectors of length 1 come out."""
