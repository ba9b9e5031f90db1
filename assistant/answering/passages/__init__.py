"""Turns hits into the passages of a prompt, and into citable spans."""
