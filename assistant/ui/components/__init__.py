"""Components of pages: each draws one thing."""
