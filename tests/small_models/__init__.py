"""Two small models that learn from drawn shapes: one draws what words say, one says what it sees."""
