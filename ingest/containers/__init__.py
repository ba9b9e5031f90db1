"""Files inside files are unpacked within limits, and become documents of their own."""
