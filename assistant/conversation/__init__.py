"""A conversation: a turn goes to a tool, its answer is kept with those before it."""
