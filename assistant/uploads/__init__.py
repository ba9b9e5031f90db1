"""Files that come from elsewhere, on their way into a library."""
