"""The parts of office files: zipped parts, XML, paragraphs, lists, tables and pictures."""
