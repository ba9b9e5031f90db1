"""What is read of files, and how fast."""
