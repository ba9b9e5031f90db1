"""The language of a visitor: the choice of it, and what the browser has to know."""
