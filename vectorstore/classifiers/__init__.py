"""Models that read two texts together: rerankers, and checkers of what a text supports."""
