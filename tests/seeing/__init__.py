"""Pictures: described, asked about, translated, and found."""
