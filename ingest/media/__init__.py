"""Recordings and videos become samples, timed text and still pictures."""
