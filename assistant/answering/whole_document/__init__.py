"""Work over whole documents: all of them is read part by part, not the passages that fit best."""
