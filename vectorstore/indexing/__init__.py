"""Files become documents of a library, each in one transaction."""
