"""Feedback on answers, and learning from it."""
