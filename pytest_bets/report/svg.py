"""Drawings as SVG text. Every attribute and every text is escaped: a record can come from a stranger.

A drawing has no scale of its own: places across are in percent, places down in pixels. So text keeps its size from a
telephone to a wall, and no script is needed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from pytest_bets.render.visible import visible

SHAPES: Final = ("circle", "square", "triangle", "diamond", "cross", "star")
"""Shapes of the points of a series, by which they differ without a colour; the template of the pages draws them."""
ARROW: Final = "s6"


@dataclass(frozen=True)
class Series:
    """What the points of one shape and colour are, for the legend."""

    place: int
    name: str
    role: str


@dataclass(frozen=True)
class Figure:
    """A drawing with its title, its text alternative, and its data as a table.

    `name` is unique on its page. `note` is for everybody, `text` for those who do not see the drawing.
    """

    name: str
    title: str
    text: str
    svg: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""
    legend: Sequence[Series] = ()


def element(tag: str, *children: str, **attributes: object) -> str:
    """Return an element; children are elements, or texts that went through `text`. `_` stands for `-` in names."""
    given = "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(visible(str(value)))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{given}>{''.join(children)}</{tag}>" if children else f"<{tag}{given}/>"


def percent(place: float) -> str:
    """Return a place across a drawing."""
    return f"{place:.5g}%"


def text(words: str, x: float, y: float, class_: str = "", anchor: str = "start") -> str:
    """Return words at a place; `anchor` is start, middle or end."""
    return element(
        "text", escape(visible(words)) or " ", x=percent(x), y=f"{y:g}", class_=class_ or None, text_anchor=anchor
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Return a line between two places."""
    return element("line", x1=percent(x1), y1=f"{y1:g}", x2=percent(x2), y2=f"{y2:g}", class_=class_)


def bar(x1: float, x2: float, y: float, height: float, class_: str) -> str:
    """Return a bar from one place across to another, whichever is first."""
    return element(
        "rect", x=percent(min(x1, x2)), y=f"{y:g}", width=percent(abs(x2 - x1)), height=f"{height:g}", class_=class_
    )


def point(shape: int, x: float, y: float, class_: str = "", tip: str = "") -> str:
    """Return a point of a series; a pointer shows its tip."""
    tips = (element("title", escape(visible(tip))),) if tip else ()
    name = f"s{shape % len(SHAPES)}"
    return element("use", *tips, href=f"#{name}", x=percent(x), y=f"{y:g}", class_=f"{name} {class_}".strip())


def arrow(x: float, y: float, class_: str, tip: str) -> str:
    """Return the head of an arrow to the right."""
    title = element("title", escape(visible(tip)))
    return element("use", title, href=f"#{ARROW}", x=percent(x), y=f"{y:g}", class_=class_)


def lines_in(
    x1: float, x2: float, y1: float, y2: float, paths: Iterable[tuple[Sequence[tuple[float, float]], str]]
) -> str:
    """Return curves in a part of a drawing; their points are in thousandths of its width and of its height."""
    drawn = [
        element("polyline", points=" ".join(f"{x:.4g},{y:.4g}" for x, y in points), class_=class_)
        for points, class_ in paths
    ]
    return element(
        "svg",
        *drawn,
        x=percent(x1),
        y=f"{y1:g}",
        width=percent(x2 - x1),
        height=f"{y2 - y1:g}",
        viewBox="0 0 1000 1000",
        preserveAspectRatio="none",
    )


def drawing(name: str, title: str, words: str, height: float, parts: Iterable[str]) -> str:
    """Return the whole drawing with its title and its text alternative."""
    return element(
        "svg",
        element("title", escape(visible(title)) or " ", id=f"{name}-title"),
        element("desc", escape(visible(words)) or " ", id=f"{name}-text"),
        *parts,
        class_="drawing",
        role="img",
        width="100%",
        height=f"{height:g}",
        aria_labelledby=f"{name}-title {name}-text",
    )
