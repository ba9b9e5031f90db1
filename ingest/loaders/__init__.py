"""Which loader reads which file."""
