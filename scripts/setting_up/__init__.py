"""The steps of `set_up.py`. They run before any package is installed: standard library alone."""
