"""Work over whole documents: read part by part, instead of by the best passages."""
