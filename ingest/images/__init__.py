"""Picture files, pictures inside documents and scanned pages become lines."""
