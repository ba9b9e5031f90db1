"""The truth: documents, pages, tables, passages and vectors, in SQLite or PostgreSQL."""
