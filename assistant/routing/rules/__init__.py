"""Rules on the words of a message; they know no document."""
