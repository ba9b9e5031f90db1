"""Recordings become timed text and subtitles; text becomes speech."""
