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
Check what Markdown files say about bets against the records. Code blocks and code spans are not checked. Findings:

  Bet 46: PASS          the verdict is not the recorded one. Other forms: Bet 46 (PASS), Bet 46 is void, Bets 11 and
                        15: PASS, and a table row with one bet in which one cell is only a verdict. The verdicts are
                        PASS, LENIENT, FAIL, void and never run
  Bet dropout: PASS     the same for a bet that has no number, by its id; without a verdict an id counts only as the
                        text of a link, [Bet dropout](...), or alone in a cell of a table
  Bet 37                the claim of this bet is retracted or withdrawn, and the paragraph, heading, table row or
                        list item does not say so
  <!-- bet 46: count(norm < full) -->15<!-- /bet -->
                        the number is not the recorded value of this sentence, rounded to the decimals that are
                        shown (80 % is 0.8). If there is no number yet, --fix writes it

Exit status: 0 clean, 1 findings (with --fix: those that remain), 2 usage error, 3 cannot determine.
"""

AUDIT: Final = """\
Check the whole history of every bet in git, through renames. The code of the bets is not run. Findings:

  goalposts        a criterion, the hypothesis, a constant, the sweep, the control or a challenge changed after the
                   bet's first result. Each change is tightened, loosened, replaced, added or removed
  same-commit, late, unregistered, lost-commit
                   git cannot show that the declaration is older than the result
  vanished-bet, vanished-record, vanished-line, broken-chain, elsewhere
                   a bet, its record or one of its runs is gone, or is in another journal
  edited-record, misjudged
                   no run wrote this record, or its verdict does not follow from its measurements
  other-cells, other-code, reseeded
                   a run measured other cells than declared, ran code that its commit does not hold, or won by the
                   seeds of another id
  redeclared       the bet repeats the claim of a bet that has fallen
  undeclared       there are results, and no commit contains the bet

Notes are not findings: changes before the first result, renames, records that are stale because code has changed, runs
that disagree, retractions. docs/audit.md explains each kind; docs/threat-model.md says what git cannot show.

Exit status: 0 clean, 1 findings, 2 usage error, 3 cannot determine (no git, shallow clone, bet in another repository).
"""

UPGRADE: Final = """\
Write records of an older schema in that of today. A record of schema 1 names the files of its code, one of schema 2 the
definitions. Only that part changes. It is read from the commit that the record names, after the files of the commit are
compared with the hashes in the record; no code is run. The journal gets a line for each record, with all that was
replaced, and the audit checks it.

Exit status: 0 done, 1 a record could not be upgraded, 2 usage, 3 cannot determine.
"""
