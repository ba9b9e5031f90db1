"""The API under many requests of every kind."""
