"""The panel that shows a page of a document, with its cited lines."""
