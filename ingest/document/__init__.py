"""What a loader takes and gives: sources and limits, documents, pages, lines, tables."""
