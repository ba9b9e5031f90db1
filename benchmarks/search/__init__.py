"""Is the right passage found, how fast, and in libraries of any size?"""
