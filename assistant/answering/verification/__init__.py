"""An answer is held against its passages: refusal gate, attribution, contradictions."""
