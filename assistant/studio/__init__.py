"""Pictures are drawn, edited, varied and enlarged; texts are read aloud."""
