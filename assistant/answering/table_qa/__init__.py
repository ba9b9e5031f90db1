"""A question over a table: planned by rules, computed in code over typed cells, cells cited."""
