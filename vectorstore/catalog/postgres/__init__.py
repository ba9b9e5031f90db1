"""The catalogue in PostgreSQL: the same tables, and an index of words of its own."""
