"""The names of documents: what a document is about, and which documents a text names."""
