"""WordprocessingML becomes paragraphs, numbering and tables."""
