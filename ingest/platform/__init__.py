"""What differs between systems and installations: cores, memory, limits, threads, extras."""
