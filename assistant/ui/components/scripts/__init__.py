"""JavaScript that components share, and small scripts that a page runs once."""
