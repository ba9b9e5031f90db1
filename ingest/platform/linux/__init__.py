"""Gives up rights for good on Linux: system calls, files, and what root may do besides."""
