"""What differs between systems: cores, memory, limits of processes, threads, signs of life."""
