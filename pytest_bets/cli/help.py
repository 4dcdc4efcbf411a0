"""The help texts of the command line."""

from typing import Final

ABOUT: Final = """\
Falsifiable bets: criteria first, every outcome kept. pytest itself runs the bets:

  pytest bets/                        run every bet; the exit status is not zero if a bet fails catastrophically,
                                      crashes, or cannot be judged
  pytest bets/ -m strict              the same, and if a strict criterion is not met
  pytest bets/ --bets-replay          judge the recorded measurements again, in seconds

These commands do the rest:
"""

CLAIMS: Final = """\
Check what write-ups say about bets against the records: Markdown, HTML, notebooks, and reStructuredText with
pip install 'pytest-bets[claims]'. Code is not checked. Findings:

  Bet 46: PASS          the verdict is not the recorded one. Other forms: Bet 46 (PASS), Bet 46 is void, Bets 11-15:
                        PASS, bet 46 passed, tables, and a heading with its verdict below. The verdicts are PASS,
                        LENIENT, FAIL, void and never run
  bet 46 ... PASS       a verdict in capitals that is not next to its bet, and is not the recorded one
  Bet dropout: PASS     the same for a bet that has no number, by its id; without a verdict an id counts only as the
                        text of a link, [Bet dropout](...), or alone in a cell of a table
  Bet 37                the claim of this bet is retracted or withdrawn, and the paragraph, heading, table row or
                        list item does not say so of this bet
  <!-- bet 46: count(norm < full) -->15<!-- /bet -->
                        the number is not the recorded value of this sentence, rounded to the decimals that are
                        shown (80 % is 0.8); the number reads differently together with what stands
                        beside it; or no measurement decides it. If there is no number yet, --fix writes it

A bet of others is named as such: their bet 6, Smith's bet 6, bet 6 (not ours). docs/claims.md has all forms and limits.

Exit status: 0 clean, 1 findings (with --fix: those that remain), 2 usage error, 3 cannot determine.
"""

AUDIT: Final = """\
Check the whole history of every bet in git, through renames. The code of the bets is not run. Findings:

  goalposts        a criterion, the hypothesis, a constant, the sweep, the control, the premise or a challenge changed
                   after the bet's first result. Each change is tightened, loosened, replaced, added or removed
  same-commit, late, unregistered, lost-commit
                   git cannot show that the declaration is older than the result
  vanished-bet, vanished-record, vanished-line, missing-replication, broken-chain, elsewhere, copied-line
                   a bet, its record or one of its runs is gone, is in another journal, or is counted twice
  edited-record, wrong-record, misjudged
                   no run wrote this record, a later one should stand, or its verdict does not follow from its
                   measurements
  wrong-summary    SUMMARY.md or SUMMARY.json does not say what the results give
  other-cells, other-code, reseeded
                   a run measured other cells than declared, ran code that its commit does not hold, or won by the
                   seeds of another id
  redeclared       the bet repeats the claim of a bet that has fallen
  undeclared       there are results, and no commit contains the bet

Notes are not findings: changes before the first result, renames, records that are stale because code has changed, runs
that disagree, retractions, results on other branches or outside of the project. docs/audit.md explains each kind;
docs/threat-model.md says what git cannot show.

Exit status: 0 clean, 1 findings, 2 usage error, 3 cannot determine (no git, shallow clone, bet in another repository).
"""

COMPARE: Final = """\
Compare two sets of results, bet by bet: verdicts, values and margins of the sentences, declarations, code,
environments, and measured numbers cell by cell. Each side is one of:

  results               a folder of results
  results/46_x.json     a record
  journal:12            the run on line 12 of the journal; it has no cells
  HEAD~3, main, v1.0    the results in a commit

Cells are paired by their parameters. A mean difference gets a 95 % t interval over the cells if the sweep has one
parameter. Otherwise cells are not independent, and --unit names the parameter whose values are.

Exit status: 0 done, 2 usage error.
"""

UPGRADE: Final = """\
Write records of an older schema in that of today. A record of schema 1 names the files of its code, one of schema 2 the
definitions. Only that part changes. It is read from the commit that the record names, after the files of the commit are
compared with the hashes in the record; no code is run. The journal gets a line for each record, with all that was
replaced, and the audit checks it.

Exit status: 0 done, 1 a record could not be upgraded, 2 usage, 3 cannot determine.
"""

ODDS: Final = """\
Say what chance alone would give: how often luck meets strict if the columns of a null could be exchanged, before the
run and over the measured cells; the limit of a fault rate; the power of a bet with a function `world`, which is run.
docs/error-rates.md explains each number. With --nulls, a file of TOML gives the nulls, for bets that declare none:

  [[46]]
  swap = "norm, full"
  unit = "part"

Exit status: 0 done, 2 usage error.
"""
