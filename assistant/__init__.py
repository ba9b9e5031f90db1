"""Answers questions with sentences that point to the lines they come from."""
