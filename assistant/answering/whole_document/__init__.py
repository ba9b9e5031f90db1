"""Work over whole documents: they are read part by part, instead of the best passages."""
