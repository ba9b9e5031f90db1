"""Checks an answer against its passages: refusal gate, attribution, contradictions."""
