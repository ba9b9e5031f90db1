"""The table of a sheet."""
