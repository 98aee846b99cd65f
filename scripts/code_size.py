"""How large the code is at commits, kept as docs/code.json: python scripts/code_size.py before=REV now=HEAD.

Then scripts/figures.py writes it into docs/architecture.md. A pair of places shares six lines or more to the letter,
imports, comments and empty lines aside. Start-up imports are the modules of `catdog classify PHOTO`.
"""

import ast
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.files import write_document

ROOMS = ("edge", "train", "convert", "scripts", "examples")
RUN = 6  # lines that a pair of places shares at least
_LOADED = """import sys
from edge.cli import main
main(["classify", "edge/demo/01-cat-two.jpg"])
print(len(sys.modules))"""


def main() -> int:
    """Measure each commit that is named, and keep the figures."""
    found = {}
    for word in sys.argv[1:]:
        name, _, revision = word.partition("=")
        date = _git("show", "--no-patch", "--format=%cs", revision).decode().strip()
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["tar", "-x", "-C", folder], input=_git("archive", revision), check=True)
            found[name] = {"date": date, **measure(Path(folder))}
    write_document(ROOT / "docs/code.json", found)
    return 0


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def measure(root: Path) -> dict[str, Any]:
    """Return the figures of a checkout."""
    product = [path for room in ROOMS for path in sorted((root / room).rglob("*.py"))]
    tests = sorted((root / "tests").rglob("*.py"))
    lines = {path: path.read_text("utf-8").splitlines() for path in product}
    functions = sorted(length for path in product for length in _functions(path))
    longest = max(lines, key=lambda path: len(lines[path]))
    words = [sys.executable, "-c", _LOADED]
    loaded = subprocess.run(words, cwd=root, check=True, capture_output=True, text=True).stdout.split()[-1]
    return {
        "files": len(product),
        "lines": sum(map(len, lines.values())),
        "test_files": len(tests),
        "test_lines": sum(len(path.read_text("utf-8").splitlines()) for path in tests),
        "functions": len(functions),
        "function_median": statistics.median(functions),
        "function_90th": statistics.quantiles(functions, n=10)[-1],
        "function_longest": functions[-1],
        "longest_file": f"{longest.relative_to(root)} ({len(lines[longest])})",
        "pairs": len(set(_pairs(lines))),
        "start_up_modules": int(loaded),
    }


def _functions(path: Path) -> Iterator[int]:
    """Yield the length of each function, from its name to its last line, docstring included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def _pairs(lines: dict[Path, list[str]]) -> Iterator[tuple[Path, int, Path, int]]:
    """Yield where runs of the same lines begin, two at a time."""
    places = defaultdict(list)
    for path, text in lines.items():
        said = [line.strip() for line in text]
        said = [line for line in said if len(line) > 1 and not line.startswith(("#", "import ", "from "))]
        for begin in range(len(said) - RUN + 1):
            places[tuple(said[begin : begin + RUN])].append((path, begin))
    same = {(*one, *two) for found in places.values() for one, two in combinations(found, 2)}
    for path, begin, other, there in same:
        if (path, begin - 1, other, there - 1) not in same:  # else it is the middle of one that began before
            yield path, begin, other, there


if __name__ == "__main__":
    sys.exit(main())
