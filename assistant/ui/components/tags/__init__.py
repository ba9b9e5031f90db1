"""Tags of documents in the browser: chosen by, given, and asked in."""
