"""Rulings and aligned text of a page become tables of cells."""
