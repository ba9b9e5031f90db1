"""The page that a citation opens, and a second one beside it."""
