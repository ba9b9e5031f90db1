"""A question over a table: planned by rules, computed over typed cells, which are cited."""
