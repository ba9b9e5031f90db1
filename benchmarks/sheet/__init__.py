"""Twenty documents with known facts, and how well a sheet is filled from them."""
