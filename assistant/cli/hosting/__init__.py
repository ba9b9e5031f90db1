"""The commands for whoever runs Pincite for others, and for servers that it reads from."""
