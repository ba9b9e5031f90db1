"""Slides of PowerPoint become lists and shapes in reading order."""
