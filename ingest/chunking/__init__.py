"""Pages become passages of whole lines, and every character is accounted for."""
