"""What is fitted to data, and whether it holds on data that it was not fitted to."""
