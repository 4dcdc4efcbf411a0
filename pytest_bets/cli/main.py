"""The command line beside pytest: new, show, history, odds, rollup, compare, audit, claims, upgrade.

Imports that only some commands need are in these commands: they take as long as reading a hundred bets.
"""

import argparse
import gc
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration, bet_id, number_of
from pytest_bets.bet.known import FILE, read
from pytest_bets.cli.help import ABOUT, AUDIT, CLAIMS, COMPARE, ODDS, UPGRADE
from pytest_bets.diagnostics import (
    CommandError,
    DeclarationError,
    EvidenceError,
    HistoryError,
    PageError,
    ProjectError,
    RecordError,
    UndeterminedError,
    nearest,
)
from pytest_bets.project import Project, locate
from pytest_bets.record.places import known_folders
from pytest_bets.record.store import JOURNAL, SUMMARY_JSON, SUMMARY_TEXT, Results
from pytest_bets.record.summary import overview, settle, summarized
from pytest_bets.record.summary_model import Summary
from pytest_bets.render.rollup import rollup
from pytest_bets.render.visible import encodable, visible_lines
from pytest_bets.render.words import counts_words, known_words

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
UNDETERMINED: Final = 3


class Answer(NamedTuple):
    """What a command prints, and its exit status."""

    text: str
    status: int = OK


class _Version(argparse.Action):
    """Prints the version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pytest_bets import __version__

        print(f"pytest-bets {__version__}")  # noqa: T201  # this is a command line
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done, or clean; 1 findings; 2 usage error; 3 cannot determine.
    """
    gc.freeze()  # what was imported stays to the end: no collection need look at it again
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        project = locate(Path.cwd(), options.results, options.rootdir)
        answer: Answer = options.command(project, options)
    except UndeterminedError as error:
        return _failed(options.name, error, UNDETERMINED)
    except (CommandError, ProjectError, RecordError, OSError) as error:
        return _failed(options.name, error, USAGE)
    print(encodable(visible_lines(answer.text), sys.stdout.encoding), end="")  # noqa: T201
    for notice in (*_conflicts(project.results), *Results(project.results).notices()):
        _complain(f"pytest-bets {options.name}: {notice}")
    return answer.status


def _conflicts(results: Path) -> list[str]:
    """Name the files of the summary in which git left a merge conflict: no command reads them."""
    files = [path for name in (SUMMARY_TEXT, SUMMARY_JSON) if (path := results / name).is_file()]
    hint = "a merge conflict was left here; `pytest-bets rollup` writes the file again"
    return [f"{os.path.relpath(path)}: {hint}" for path in files if b"\n<<<<<<< " in b"\n" + path.read_bytes()]


def _failed(command: str, error: Exception, status: int) -> int:
    _complain(f"pytest-bets {command}: {error}")
    return status


def _complain(text: str) -> None:
    print(encodable(visible_lines(text), sys.stderr.encoding), file=sys.stderr)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pytest-bets", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", prog="pytest-bets")

    def command(name: str, function: object, about: str, example: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=f"example: {example}",
        )
        added.set_defaults(command=function, name=name)
        added.add_argument(
            "--results", metavar="DIR", help="folder of the results (default: the setting bets_results, or results)"
        )
        added.add_argument(
            "--rootdir", metavar="DIR", help="root of the project (default: as pytest finds it from this folder)"
        )
        return added

    new = command("new", _new, "write a bet file from a template", 'pytest-bets new 68 "receipts repair the ledger"')
    new.add_argument("number", nargs="?", type=int, help="the bet's number (default: the next free one)")
    new.add_argument("title", help="the claim in one line")
    new.add_argument("--slug", metavar="NAME", help="name in the bet's id and file (default: the words of the title)")
    new.add_argument("--folder", type=Path, help="where to write the file (default: beside the other bets, or bets)")
    shown = command("show", _show, "show one bet: declaration, record, standing, history", "pytest-bets show 46")
    shown.add_argument("bet", help="a bet's number or id")
    shown.add_argument("--cells", action="store_true", help="print every cell: parameters and measured values")
    runs = command(
        "history", _history, "show the values of a bet over all its runs, by host and code", "pytest-bets history 46"
    )
    runs.add_argument("bet", help="a bet's number or id")
    chances = command("odds", _odds, "say what chance alone would give, before the run", "pytest-bets odds 46")
    chances.formatter_class = argparse.RawDescriptionHelpFormatter
    chances.description = ODDS
    chances.add_argument("bet", nargs="?", help="a bet's number or id (default: a row for each bet)")
    chances.add_argument("--nulls", type=Path, metavar="FILE", help="nulls in TOML, instead of those that bets declare")
    chances.add_argument("--format", choices=("text", "markdown"), default="text", help="format of the table")
    command("rollup", _rollup, "make SUMMARY.md and SUMMARY.json again, as after a merge", "pytest-bets rollup")
    compared = command(
        "compare",
        _compare,
        "compare the results of two commits, folders, records or runs",
        "pytest-bets compare HEAD results",
    )
    compared.formatter_class = argparse.RawDescriptionHelpFormatter
    compared.description = COMPARE
    compared.add_argument("before", metavar="A", help="a folder of results, a record, journal:N, or a commit")
    compared.add_argument("after", metavar="B", help="the same, for the other side")
    compared.add_argument("bets", metavar="BET", nargs="*", help="numbers or ids of bets (default: all)")
    compared.add_argument("--unit", metavar="NAME", help="sweep parameter whose values are independent units")
    compared.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="format of the report")
    audited = command("audit", _audit, "check every bet against its history in git", "pytest-bets audit")
    audited.formatter_class = argparse.RawDescriptionHelpFormatter
    audited.description = AUDIT
    audited.add_argument("--format", choices=("text", "json"), default="text", help="format of the report")
    claims = command(
        "claims",
        _claims,
        "check verdicts and numbers in write-ups against the records",
        "pytest-bets claims README.md docs/",
    )
    claims.formatter_class = argparse.RawDescriptionHelpFormatter
    claims.description = CLAIMS
    claims.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="files, or folders that are searched for write-ups (default: README.md and docs/ of the project)",
    )
    claims.add_argument("--fix", action="store_true", help="correct numbers and verdicts; the text is left to you")
    claims.add_argument("--format", choices=("text", "json"), default="text", help="format of the findings")
    upgraded = command("upgrade", _upgrade, "rewrite records of an older schema", "pytest-bets upgrade")
    upgraded.formatter_class = argparse.RawDescriptionHelpFormatter
    upgraded.description = UPGRADE
    upgraded.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
    return parser


def _new(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.bet.template import bet_file, created
    from pytest_bets.git.attributes import unite

    catalogue = _catalogue(project)
    number = catalogue.next_number() if options.number is None else options.number
    taken = catalogue.find(number)
    if number < 0 or taken:
        used = f"is the number of {catalogue.name(taken)}" if taken else "is not a number for a bet"
        raise CommandError(f"{number} {used}; the next free one is {catalogue.next_number()}")
    name = _slug(options)
    folder = options.folder or _home(catalogue)
    path: Path = folder / f"bet_{number:02d}_{name}.py"
    folder.mkdir(parents=True, exist_ok=True)
    shown = PurePath(os.path.relpath(path))
    with path.open("x", encoding="utf-8") as file:
        file.write(bet_file(number, options.title, shown))
    added = unite(project.results / JOURNAL)
    attributes = (PurePath(os.path.relpath(added[0])).as_posix(), added[1]) if added else None
    return Answer(created(shown.as_posix(), bet_id(path.name), number, attributes))


def _slug(options: argparse.Namespace) -> str:
    from pytest_bets.bet.template import LONGEST, SLUG, slug

    suggested = slug(options.slug or options.title)
    if options.slug is None:
        if not suggested:
            raise CommandError(f"the title {options.title!r} has no letter to name a file by; name it with --slug")
        return suggested
    if not SLUG.fullmatch(options.slug):
        near = f"; did you mean {suggested}?" if suggested else ""
        expected = f"lower-case letters and digits, in words that are joined by _, at most {LONGEST} characters"
        raise CommandError(f"--slug {options.slug}: expected {expected}{near}")
    return str(options.slug)


def _catalogue(project: Project) -> Catalogue:
    catalogue = Catalogue(project.root, project.searched, project.homes)
    if project.homes:  # a session may have run bets that lie elsewhere, too
        catalogue.add(known_folders(project.root, Results(project.results)))
    return catalogue


def _home(catalogue: Catalogue) -> Path:
    folders = [path.parent for path in catalogue.paths]
    return max(folders, key=folders.count) if folders else catalogue.root / "bets"


def _show(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.audit.staleness import stale
    from pytest_bets.code.index import CodeIndex
    from pytest_bets.render.show import show, show_cells

    catalogue, results = _catalogue(project), Results(project.results)
    declarations, unreadable = catalogue.declarations()
    results.refresh()
    records = results.outlines()
    summary = summarized(records, results.counts(records), declarations, unreadable)
    rows = {row.id: row for row in summary.bets}
    named = _matching(options.bet, rows)
    if not named:
        raise CommandError(_unknown(options.bet, catalogue, list(rows)))
    row = rows[named[0]]
    declaration: Declaration | None = next((bet for bet in declarations if bet.id == row.id), None)
    runs, earlier = results.recent(row.id)
    columns, record = _columns(), results.record(row.id)
    if options.cells:
        page = show_cells(record, row, columns)
    else:
        code = stale(record, CodeIndex(project.root, project.search)) if record else None
        known = _known(project, summary, unreadable).get(row.id, "")
        page = show(
            declaration,
            record,
            row,
            runs,
            min(columns, 100),
            options.results,
            code,
            earlier=earlier,
            known=known,
            replications=results.replications(row.id),
        )
    return Answer(page)


def _history(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.render.history import history

    catalogue, results = _catalogue(project), Results(project.results)
    kept = results.numbered()
    ids = list(dict.fromkeys(line.bet for _, line in kept))
    named = _matching(options.bet, ids)
    if not named:
        declared = [bet.id for bet in catalogue.declarations()[0]]
        if _matching(options.bet, declared):
            raise CommandError(f"bet {options.bet} was never run: {results.folder / JOURNAL} has no line of it")
        raise CommandError(_unknown(options.bet, catalogue, [*ids, *declared]))
    runs = [(number, line) for number, line in kept if line.bet == named[0]]
    return Answer(history(named[0], runs, min(_columns(), 100)))


def _matching(asked: str, ids: Iterable[str]) -> list[str]:
    """Return the bets that a number, an id, or an id without its number names."""
    name = str(int(asked)) if asked.isdecimal() else asked  # 05 is how an id says it
    return [bet for bet in ids if name in (bet, str(number_of(f"bet_{bet}.py")), bet.partition("_")[2])]


def _odds(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.cli import odds
    from pytest_bets.render.odds import odds_markdown, odds_page, odds_table

    catalogue, results = _catalogue(project), Results(project.results)
    declarations, _ = catalogue.declarations()
    chosen = odds.read(options.nulls, declarations) if options.nulls else {}
    width = min(_columns(), 100)
    if options.bet is None:
        standing = settle(results.outlines(), declarations)
        bets = [
            odds.odds_of(bet, results.record(bet.id), chosen.get(bet.id), standing.get(bet.id)) for bet in declarations
        ]
        page = odds_markdown(bets) if options.format == "markdown" else odds_table(bets, width)
        return Answer(page)
    by_id = {bet.id: bet for bet in declarations}
    named = _matching(options.bet, by_id)
    if not named:
        raise CommandError(_unknown(options.bet, catalogue, list(by_id)))
    bet = by_id[named[0]]
    found = odds.entries(bet, results.record(bet.id), chosen.get(bet.id), project.root)
    return Answer(odds_page(f"{bet.id}: {bet.title}", found, width))


def _unknown(asked: str, catalogue: Catalogue, known: Sequence[str]) -> str:
    named = (path for path in catalogue.paths if asked in (bet_id(path.name), str(number_of(path.name))))
    path = catalogue.find(int(asked) if asked.isdecimal() else asked) or next(named, None)
    if path:
        try:
            catalogue.declaration(path)
        except DeclarationError as error:
            return str(error)
        return f"{catalogue.name(path)} is not a bet: nothing in it carries a criterion"
    near = nearest(asked, known)
    return f"there is no bet {asked!r} under {catalogue.root}" + (f"; did you mean {near}?" if near else "")


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _rollup(project: Project, options: argparse.Namespace) -> Answer:  # noqa: ARG001  # every command has this signature
    results = Results(project.results)
    if not project.results.is_dir():
        raise CommandError(f"there is no folder {project.results}: no bet was run, or --results names another")
    catalogue = _catalogue(project)
    summary = rollup(results, catalogue)
    words = f"{os.path.relpath(project.results / SUMMARY_TEXT)}: {counts_words(summary.counts)}\n"
    known = _known(project, summary, catalogue.declarations()[1])
    return Answer(words + (f"{known_words(known, summary.counts)}\n" if known else ""))


def _known(project: Project, summary: Summary, unreadable: Sequence[DeclarationError]) -> dict[str, str]:
    """Return what the file of the project says after the run of what was known before it, by bet."""
    path = project.root / FILE
    if not path.exists():
        return {}
    bets = [row.id for row in summary.bets] + [bet_id(error.faults[0].file) for error in unreadable]
    return read(path.read_text(encoding="utf-8"), FILE, bets, {row.id for row in summary.bets if row.known})


def _compare(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.compare.difference import compare
    from pytest_bets.compare.render import as_json, as_markdown, as_text
    from pytest_bets.compare.source import side

    found = compare(side(options.before, project), side(options.after, project), options.bets, options.unit)
    if options.format == "text":
        return Answer(as_text(found, min(_columns(), 100)))
    return Answer(as_json(found) if options.format == "json" else as_markdown(found))


def _claims(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.claims.check import Checked, apply_edits, check
    from pytest_bets.claims.files import NoReaderError, pages, read, reader, write
    from pytest_bets.claims.render import as_json, as_text, bets

    found = pages(options.paths or _write_ups(project.root))
    if not project.results.is_dir():
        raise UndeterminedError(f"there is no folder {project.results}: no bet was run, or --results names another")
    try:
        records = Results(project.results).records()
    except RecordError as error:
        raise UndeterminedError(str(error)) from None
    declarations, unreadable = _catalogue(project).declarations()
    known = bets(overview(records, (), declarations, unreadable), records, unreadable)
    checked: dict[str, Checked] = {}
    unread: dict[str, str] = {}
    undetermined = False
    for page, named in found.items():
        try:
            blocks, source = reader(page), read(page)
            result = check(source, known, blocks)
        except PageError as error:
            unread[os.path.relpath(page)] = str(error)
            undetermined = undetermined or named or not isinstance(error, NoReaderError)
            continue
        checked[os.path.relpath(page)] = result
        text = apply_edits(source, result.findings) if options.fix else source
        if text != source:
            write(page, text)
    left = {item.kind for page in checked.values() for item in page.findings if not (options.fix and item.edit)}
    status = FINDINGS if left - {"unreadable"} else UNDETERMINED if left or undetermined else OK
    form = as_json if options.format == "json" else as_text
    return Answer(form(checked, unread, fixed=options.fix), status)


def _write_ups(root: Path) -> list[Path]:
    found = [path for path in (root / "README.md", root / "docs") if path.exists()]
    if not found:
        raise CommandError(f"there is neither README.md nor docs/ in {root}; name the files to check")
    return found


def _audit(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.audit.audit import audit
    from pytest_bets.audit.collect import gather
    from pytest_bets.audit.render import as_json, as_text

    try:
        report = audit(gather(_catalogue(project), Results(project.results), project.search))
    except (EvidenceError, HistoryError, RecordError) as error:
        raise UndeterminedError(str(error)) from None
    width = min(_columns(), 100)
    text = as_json(report) if options.format == "json" else as_text(report, width)
    return Answer(text, {"clean": OK, "findings": FINDINGS, "unknown": UNDETERMINED}[report.state])


def _upgrade(project: Project, options: argparse.Namespace) -> Answer:
    from pytest_bets.git import checkout as git
    from pytest_bets.record.environment import clocked
    from pytest_bets.record.upgrade import recorded, upgrade
    from pytest_bets.render.upgrade import as_text

    if not project.results.is_dir():
        raise CommandError(f"there is no folder {project.results}: no bet was run, or --results names another")
    tree = git.tree(project.root.resolve())
    if tree is None:
        raise UndeterminedError(f"{project.root} is in no git checkout: the code of a record is read from its commit")
    try:
        with recorded(project.root, tree.top, project.search) as source:
            outcomes = upgrade(Results(project.results), source, clocked(0), dry=options.dry_run)
    except HistoryError as error:
        raise UndeterminedError(str(error)) from None
    refused = any(outcome.upgraded is False for outcome in outcomes)
    return Answer(as_text(outcomes, dry=options.dry_run), FINDINGS if refused else OK)
