"""Tables that are written once for SQLite and PostgreSQL, and how each SQLite file is opened."""
