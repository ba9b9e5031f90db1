"""The command line: arguments become calls of the assistant, results become text or JSON."""

import sys


def run() -> int:
    """The command `pincite`, and its exit status, also where it cannot be imported whole."""
    try:
        from assistant.cli.main import main

        return main()
    except KeyboardInterrupt:  # before `main` minds it
        return 130
    except ImportError:
        from ingest.platform.installation import name_taken

        if not (told := name_taken()):
            raise
        print(f"pincite: {told}", file=sys.stderr)
        return 1
