"""What office files are made of: zipped parts, XML, paragraphs, lists, tables and pictures."""
