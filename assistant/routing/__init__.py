"""Decides which tool answers a message, and with which arguments."""
