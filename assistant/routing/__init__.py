"""A message becomes a decision: which tool answers it, and with which arguments."""
