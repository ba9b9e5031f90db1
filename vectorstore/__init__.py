"""Chunks become searchable; a question becomes the best chunks. Knows no chat model, no UI."""
