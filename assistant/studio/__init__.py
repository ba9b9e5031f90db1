"""Pictures, clips and sounds are made: drawn, edited, varied, enlarged; texts are read aloud."""
