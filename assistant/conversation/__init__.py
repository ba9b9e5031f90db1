"""Conversations: sends a turn to a tool, and stores its answer."""
