"""Maintenance of a library: verify, rebuild, back up, restore."""
