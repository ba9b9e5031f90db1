"""Picture files and pictures inside documents become lines."""
