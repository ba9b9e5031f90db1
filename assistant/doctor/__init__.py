"""Checks the installation: what is missing or slow, and the command that helps."""
