"""Measurements in the browser: charts of runs, and what was learned."""
