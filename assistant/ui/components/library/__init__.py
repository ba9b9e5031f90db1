"""Documents of the library in the browser: the list, coverage, the queue, pictures."""
