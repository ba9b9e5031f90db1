"""Image search by words and by similar pictures."""
