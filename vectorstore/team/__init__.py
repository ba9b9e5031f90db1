"""What a team keeps elsewhere: PostgreSQL, pgvector, buckets, the machines of a Ray cluster."""
