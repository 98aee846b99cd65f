"""What a program writes into a page stands between two marks: nobody types there."""

import re

_BLOCK = re.compile(r"<!-- (\w+): written by scripts/\w+\.py -->\n.*?<!-- end of \1 -->", re.DOTALL)


def put(text: str, name: str, content: str) -> str:
    """Return a page with `content` between its marks of this name; ValueError when it has no such marks."""
    for block in _BLOCK.finditer(text):
        if block[1] == name:
            first = block[0].partition("\n")[0]
            return f"{text[: block.start()]}{first}\n\n{content.strip()}\n\n<!-- end of {name} -->{text[block.end() :]}"
    raise ValueError(f"the page has no place for {name}")


def typed(text: str) -> str:
    """Return what of a page a person has typed."""
    return _BLOCK.sub("", text)
