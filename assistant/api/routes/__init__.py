"""The routes below `/api`."""
