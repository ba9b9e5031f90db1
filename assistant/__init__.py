"""A question becomes an answer whose sentences point to the lines they come from."""
