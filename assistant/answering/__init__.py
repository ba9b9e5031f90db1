"""A question becomes a cited answer: query, passages, writing, verification."""
