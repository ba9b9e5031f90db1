"""Loaders of recordings, films and their subtitles."""
