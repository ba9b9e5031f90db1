"""The tools of an open page: zoom, turn, search, small pictures of all pages."""
