"""Several libraries, read as one."""
