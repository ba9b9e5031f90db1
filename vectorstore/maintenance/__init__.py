"""Maintenance of a library: rebuild, verify, back up, restore, remove."""
