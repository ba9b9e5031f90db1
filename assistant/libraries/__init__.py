"""The libraries of a home as a whole: made, described, renamed, deleted and brought back."""
