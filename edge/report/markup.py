"""HTML and SVG from Python values, escaped by construction: only `tag` makes markup, and it escapes plain text."""

import html

from edge.errors import columns_of, printable


class Markup(str):
    """Text that is already HTML or SVG. Everything else is escaped when it is put into a tag."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Return `value` as markup: a float with one decimal, text escaped and free of control characters."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        return Markup(f"{value:.1f}".removesuffix(".0"))
    return Markup(html.escape("\n".join(printable(line) for line in str(value).split("\n"))))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Return <name attributes>children</name>, all but markup escaped.

    None leaves an attribute out; `class_` is class, an underscore inside a name a hyphen.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{shown}>{join(*children)}</{name}>")


def join(*parts: object) -> Markup:
    """Return the parts one after another, as markup."""
    return Markup("".join(escape(part) for part in parts))


def pad(text: str, width: int, right: bool = False) -> str:
    """Return `text` filled with spaces to `width` terminal columns, on its left side where `right` is set."""
    space = " " * max(0, width - columns_of(text))
    return space + text if right else text + space


def number(value: float, form: str = "") -> str:
    """Return a number for people: by the format specification `form`, else up to six digits with thousands marked."""
    return format(value, form) if form else f"{round(value, 12):,.6g}"
