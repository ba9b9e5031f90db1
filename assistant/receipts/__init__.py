"""Records how an answer was made, replays it, and exports it with its evidence."""
