"""Bytes become legible text; cells become values."""
