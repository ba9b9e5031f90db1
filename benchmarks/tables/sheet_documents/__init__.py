"""Twenty documents with known facts, for the benchmark of sheets."""
