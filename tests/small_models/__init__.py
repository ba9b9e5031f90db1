"""Two small models that learn from drawn shapes: one draws words, one says what it sees."""
