"""Write the tables of docs/troubleshooting.md: what the program says is wrong, and what to do, read from its source.

    python scripts/troubles.py

A test (tests/docs) finds where page and program differ.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from convert.card import table
from edge.doctor import CHECKS
from edge.files import write_atomically
from scripts.pages import put

PAGE = Path("docs/troubleshooting.md")
# What each table holds: files below edge/ whose faults it lists.
TABLES = {
    "doctor": ("doctor/system.py", "doctor/software.py", "doctor/camera.py", "doctor/condition.py"),
    "cameras": ("capture/devices.py",),
    "streams": ("capture/diagnose.py",),
    "sources": tuple(f"capture/{name}.py" for name in ("camera", "csi", "file", "photos", "stdin", "auto", "__init__")),
    "models": ("contract.py", "golden.py", "record.py", "classifier.py"),
    "outputs": (
        *(
            f"outputs/{name}.py"
            for name in ("events", "recording", "command", "webhook", "broker", "mqtt", "gpio", "window")
        ),
        *(f"web/{name}.py" for name in ("address", "output", "token")),
    ),
    "deploy": ("deploy/hosts.py", "deploy/demands.py"),
}
_ANY = "..."  # what is known only when it happens


def page(text: str) -> str:
    """Return the page with its tables as the program has them now."""
    for name, files in TABLES.items():
        rows = [row for file in files for row in troubles(ROOT / "edge" / file)]
        text = put(text, name, table(("it says", "do this"), list(dict.fromkeys(rows))))
    return text


def troubles(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong and what to do about it, for each fault that a file can tell of."""
    tree = ast.parse(path.read_text("utf-8"))
    everywhere = assigned(tree.body)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            known = everywhere | assigned(ast.walk(function))
            about = _about(path, function.name)
            for wrong, remedy in _pairs(function):
                said, fix = words(wrong, known), words(remedy, known)
                if len(re.sub(r"\W", "", fix)) > 1 and re.search(r"[a-z]{2}", said):
                    yield f"{about}{said}".replace("|", "\\|"), fix.replace("|", "\\|")


def _about(path: Path, function: str) -> str:
    """Return what a fault is of, where its own words do not say so: a check of the doctor, an output."""
    checks = {check.__name__: f"{name}: " for name, check in CHECKS.items()}
    room = path.parent.name
    return {"doctor": checks.get(function, ""), "outputs": f"{path.stem}: ", "web": "web: "}.get(room, "")


def assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return what plain names stand for."""
    found: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            name, value = node.targets[0], node.value
            pairs = (
                zip(name.elts, value.elts, strict=True)
                if isinstance(name, ast.Tuple) and isinstance(value, ast.Tuple)
                else [(name, value)]
            )
            found |= {one.id: meant for one, meant in pairs if isinstance(one, ast.Name)}
    return found


def _pairs(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what is wrong and the remedy, as expressions: of findings, verdicts, errors, pairs that are returned."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = 0 if node.func.id == "Verdict" else 1
            known = first == 0 or node.func.id in ("Finding", "writing") or node.func.id.endswith("Error")
            if known and len(node.args) >= first + 2:
                yield node.args[first], node.args[first + 1]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            yield node.value.elts[0], node.value.elts[1]
        elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):  # a table: whether, what is wrong, remedy
            rows = (row.elts for row in node.iter.elts if isinstance(row, ast.Tuple))
            yield from ((row[1], row[2]) for row in rows if len(row) == 3)


def words(node: ast.expr, known: dict[str, ast.expr]) -> str:
    """Return the text that an expression makes, with ... for what is known only when it happens."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(words(part, {}) for part in node.values)
    if isinstance(node, ast.IfExp):
        return f"{words(node.body, known)}; or: {words(node.orelse, known)}"
    if isinstance(node, ast.Name) and node.id in known:
        return words(known[node.id], known)
    return _ANY


if __name__ == "__main__":
    path = ROOT / PAGE
    write_atomically(path, page(path.read_text("utf-8")).encode())
