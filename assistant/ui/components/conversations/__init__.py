"""The list of conversations, and the versions of a question."""
