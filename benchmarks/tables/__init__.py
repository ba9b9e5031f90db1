"""Questions over tables and lists, and sheets over many documents."""
