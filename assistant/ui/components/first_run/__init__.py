"""The first screen before there are documents: three steps, and what goes on behind."""
