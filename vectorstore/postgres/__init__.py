"""PostgreSQL: the one home of its driver, which the catalogue and pgvector use."""
