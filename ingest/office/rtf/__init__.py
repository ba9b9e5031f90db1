"""RTF becomes paragraphs and tables."""
