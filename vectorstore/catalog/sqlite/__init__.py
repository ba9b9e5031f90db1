"""A catalogue in an SQLite file, and files of it that somebody else made."""
