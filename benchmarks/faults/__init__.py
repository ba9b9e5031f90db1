"""What breaks things on purpose: files that are changed at random, and processes that are ended."""
