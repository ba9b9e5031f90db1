"""Pincite over HTTP for programs: OpenAI's protocol, and routes of its own."""
