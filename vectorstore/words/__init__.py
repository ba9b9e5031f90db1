"""An index of words for large libraries, beside the one of the catalogue."""
