"""The tools of the assistant, one module each."""
