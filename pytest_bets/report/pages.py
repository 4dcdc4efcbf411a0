"""The pages of a site from templates. All that a template shows is escaped, and characters that act are spelled out."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pytest_bets.diagnostics import ExtraError, count_noun
from pytest_bets.record.verdict import figure
from pytest_bets.render.visible import visible_lines
from pytest_bets.render.words import challenged_words, short, state_words, verdict_words
from pytest_bets.report.criterion import signed
from pytest_bets.report.svg import SHAPES, Figure
from pytest_bets.report.words import page_name

if TYPE_CHECKING:
    from jinja2 import Environment

    from pytest_bets.report.source import Source, WriteUps
    from pytest_bets.report.view import BetView, History

_NAVIGATION: Final = (
    ("index.html", "Bets"),
    ("audit.html", "Audit"),
    ("errors.html", "Known error rates"),
    ("write-ups.html", "Write-ups"),
)


def environment() -> "Environment":
    """Return where the templates are.

    Raises:
        ExtraError: if Jinja2 is not installed.

    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ExtraError("jinja2", "report") from error
    found = Environment(
        loader=PackageLoader("pytest_bets.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters.update(
        figure=figure,
        signed=signed,
        short=short,
        page=page_name,
        state=state_words,
        verdict=verdict_words,
        counted=count_noun,
    )
    return found


def _shown(value: object) -> object:
    return visible_lines(value) if type(value) is str else value


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


class Pages:
    """Makes each page; style and script are in the page, and the policy of the page allows these two texts alone.

    Files beside the page would need `'self'`, which has no meaning in a page that is opened from disk.
    """

    def __init__(self, version: str) -> None:
        self._templates = environment()
        self._style = self._text("style.css")
        self._script = self._text("index.js")
        self._version = version

    def index(
        self,
        bets: Sequence["BetView"],
        facts: Sequence[tuple[str, str, str]],
        figures: Sequence[Figure],
        edges: Sequence[tuple[str, str, str]],
        notes: Sequence[str],
    ) -> bytes:
        """Return the first page."""
        tags = sorted({tag for view in bets for tag in view.tags})
        verdicts = sorted({view.verdict for view in bets})
        known = {view.id for view in bets}
        return self._page(
            "index.html",
            "Bets",
            script=self._script,
            bets=bets,
            facts=facts,
            figures=figures,
            edges=edges,
            notes=notes,
            tags=tags,
            verdicts=verdicts,
            known=known,
        )

    def bet(self, view: "BetView", views: Mapping[str, "BetView"]) -> bytes:
        """Return the page of a bet."""
        return self._page(
            "bet.html",
            f"{view.id}: {view.verdict}",
            up="../",
            view=view,
            views=views,
            challenged="; ".join(challenged_words(view.row.challenged)),
        )

    def audit(self, source: "Source", found: Sequence[tuple[str, str, Sequence["History"]]]) -> bytes:
        """Return the page of the audit."""
        return self._page("audit.html", "Audit", report=source.audit, found=found)

    def errors(self, bets: Sequence["BetView"], lines: Sequence[str]) -> bytes:
        """Return the page of known error rates."""
        return self._page("errors.html", "Known error rates", bets=bets, lines=lines)

    def write_ups(self, found: "WriteUps") -> bytes:
        """Return the page of the write-ups."""
        return self._page("write-ups.html", "Write-ups", found=found)

    def _page(self, template: str, title: str, up: str = "", script: str = "", **given: object) -> bytes:
        scripts = _hash(script) if script else "'none'"
        allowed = f"default-src 'none'; style-src {_hash(self._style)}; script-src {scripts}"
        policy = f"{allowed}; base-uri 'none'; form-action 'none'"
        text = self._templates.get_template(template).render(
            title=title,
            up=up,
            here=template,
            navigation=_NAVIGATION,
            policy=policy,
            style=self._style,
            script=script,
            version=self._version,
            shapes=len(SHAPES),
            **given,
        )
        return text.encode(errors="backslashreplace")

    def _text(self, name: str) -> str:
        """Return a file as it is: `{#` means something else in a style than in a template."""
        loader = self._templates.loader
        return loader.get_source(self._templates, name)[0] if loader else ""
