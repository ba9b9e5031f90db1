"""Trials with a model server on loopback, which runs as a child process."""
