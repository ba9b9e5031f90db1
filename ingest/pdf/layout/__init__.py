"""Characters of a page become words and lines in reading order, beside its drawings."""
