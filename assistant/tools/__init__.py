"""What the assistant can do: a new ability is one module here and one line in build.py."""
