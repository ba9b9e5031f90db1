"""Which models there are, where they come from, and which fit this machine."""
