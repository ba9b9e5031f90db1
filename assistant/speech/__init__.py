"""Transcribes recordings into timed text and subtitles, and synthesises speech."""
