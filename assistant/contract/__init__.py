"""The types that cross every border: a request and its evidence go in, a reply comes out."""
