"""How an answer came about is recorded, replayed, and exported with its evidence."""
