"""What differs between systems: limits of processes, threads, signs of life."""
