"""Pictures are generated, enlarged, described and charted."""
