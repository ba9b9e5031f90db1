"""Tools that make and describe pictures."""
