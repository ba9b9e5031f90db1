"""The libraries of a home as a whole: made, filled, renamed, deleted, and what they forget."""
