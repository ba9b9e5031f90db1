"""The installation is checked: what is missing or slow, and the command that helps."""
