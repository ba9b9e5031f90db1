"""A sheet: questions over documents. Each cell is answered from its document alone, and cited."""
