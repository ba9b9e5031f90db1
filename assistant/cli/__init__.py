"""The command line: arguments become calls of the assistant, results become text or JSON."""
