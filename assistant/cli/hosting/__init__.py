"""The commands for whoever runs Pincite for others."""
