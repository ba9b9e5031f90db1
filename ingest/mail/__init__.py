"""Mail files become headers, bodies and attachments."""
