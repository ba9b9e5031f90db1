"""Values of a child process become bytes, and bytes become values of the type that was expected."""
