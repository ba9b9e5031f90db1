"""Files are read in child processes that cannot connect, write, or use all memory."""
