"""The documentation as a site: `.ci/docs` builds it into build/docs."""

import inspect
import posixpath
import re
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

from pytest_bets import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REPOSITORY = "https://github.com/OWNER/pytest-bets"  # where pytest-bets is published
_LINK = re.compile(r"\]\((?P<path>[^)\s:#]+)(?P<rest>#[^)\s]*)?\)")

project = "pytest-bets"
author = "pytest-bets contributors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["README.md", "pypi.md"]  # index.md includes the one, PyPI shows the other
html_theme = "furo"
html_title = f"pytest-bets {release}"
html_show_copyright = False
html_copy_source = False
myst_heading_anchors = 3  # the anchors that GitHub gives to headings
myst_enable_extensions = ["attrs_block"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
default_role = "code"  # single backticks in docstrings
smartquotes = False
copybutton_prompt_text = "$ "


def setup(app: "Sphinx") -> None:
    """Read what GitHub shows, which Sphinx does not know."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", link_to_repository)
    app.connect("autodoc-process-docstring", restore_property, priority=600)  # after napoleon


def link_to_repository(_app: "Sphinx", page: str, source: list[str]) -> None:
    """Turn links to files outside of docs/ into links to the repository."""

    def linked(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), match["path"]))
        if path.startswith("docs/"):
            return match[0]
        return f"]({REPOSITORY}/blob/main/{path}{match['rest'] or ''})"

    source[0] = _LINK.sub(linked, source[0])


def restore_property(_app: "Sphinx", kind: str, _name: str, item: object, _options: object, lines: list[str]) -> None:
    """Take the docstring of a property as it is: napoleon takes what stands before a colon for its type."""
    if kind == "property":
        lines[:] = [*(inspect.getdoc(item) or "").splitlines(), ""]
