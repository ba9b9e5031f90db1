"""Tests of the room that names concrete classes."""
