"""Detects instructions inside documents, and refuses connections."""
