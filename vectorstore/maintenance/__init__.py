"""A library is made anew, verified, backed up and restored."""
