"""What the assistant can do: one module for each ability."""
