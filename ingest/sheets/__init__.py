"""Spreadsheets: the values of cells, their metadata, and the regions of tables."""
