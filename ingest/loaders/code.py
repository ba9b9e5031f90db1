"""Source code: its lines as they are. A passage may begin at definitions and blank lines."""

import re
from dataclasses import replace

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.loaders.text import LINE_END, finish
from ingest.page_builder.flowing_text import PLAIN, Flow
from ingest.text.decoding import read_text

LANGUAGES = {
    ".bat": "Batch", ".c": "C", ".cc": "C++", ".cfg": "INI", ".conf": "configuration",
    ".cpp": "C++", ".cs": "C#", ".css": "CSS", ".dart": "Dart", ".diff": "diff", ".go": "Go",
    ".h": "C", ".hpp": "C++", ".ini": "INI", ".java": "Java", ".jl": "Julia", ".js": "JavaScript",
    ".jsx": "JavaScript", ".kt": "Kotlin", ".lua": "Lua", ".m": "MATLAB or Objective-C",
    ".patch": "diff", ".php": "PHP", ".pl": "Perl", ".ps1": "PowerShell", ".py": "Python",
    ".r": "R", ".rb": "Ruby", ".rs": "Rust", ".scala": "Scala", ".sh": "shell", ".sql": "SQL",
    ".swift": "Swift", ".tex": "TeX", ".toml": "TOML", ".ts": "TypeScript", ".tsx": "TypeScript",
    ".vue": "Vue", ".yaml": "YAML", ".yml": "YAML",
}  # fmt: skip
_BEGINS = re.compile(
    r"""\s*(?:
        (?:export\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|final\s+|abstract\s+)*
        (?:def|class|func|function|fn|interface|struct|enum|trait|impl|module|namespace|type)\s+\w
        | @\w
        | \\(?:sub)*section | \\chapter | \\begin\{
        | (?:create|insert|select|update|delete|alter|drop|with)\s
        | \[[\w.\-"\ ]+\]\s*$
        | diff\s--git
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_INDENTED = re.compile(r"\s{8}")


def load_code(source: Source) -> Document:
    """Raises UnreadableFile when the bytes are no text."""
    found = read_text(source)
    flow = Flow()
    blank, decorated = True, False
    for line in LINE_END.split(found.text.replace("\f", "\n")):
        if not line.strip():
            blank = True
            continue
        starts = _BEGINS.match(line) is not None and not _INDENTED.match(line)
        flow.verbatim(line, replace(PLAIN, begins=(blank or starts) and not decorated))
        blank, decorated = False, line.lstrip().startswith("@")
    document = finish(source, flow, found)
    language = LANGUAGES.get(source.path.suffix.lower(), "")
    return replace(document, metadata={**document.metadata, "language": language})
