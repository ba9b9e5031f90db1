"""What a person says of answers, and what is learned from it for their library."""
