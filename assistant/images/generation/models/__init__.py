"""Which drawing models there are, and how one becomes a pipeline in memory."""
