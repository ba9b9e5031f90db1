"""The command line: arguments become calls of the assistant, results become text or JSON."""

import sys


def run() -> int:
    """The command `pincite`, see `main.main`. It may be that a module is not ours."""
    try:
        from assistant.cli.main import main

        return main()
    except ImportError:
        from ingest.platform.installation import name_taken

        if not (told := name_taken()):
            raise
        print(f"pincite: {told}", file=sys.stderr)
        return 1
