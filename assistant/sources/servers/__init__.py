"""The servers of sources: what they list and give, however hostile or broken they are."""
