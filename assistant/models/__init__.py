"""Models: the catalogue, its sources, and which fit this machine."""
