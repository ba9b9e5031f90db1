"""Commands that run a tool: draw, describe, speak and what makes files."""
