"""Files of a home beside its libraries: SQLite files, outputs of tools, what was learned."""
