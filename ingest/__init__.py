"""A file becomes pages of lines, and pages become chunks. Knows no store, no model, no UI."""
