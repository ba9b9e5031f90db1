"""What stands below an answer: thumbs, files to take along, reading aloud, what to ask next."""
