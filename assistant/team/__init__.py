"""Pincite for several people: accounts, sign-in, the record of changes, moving a home."""
