"""Pictures are described, and tables are charted."""
