"""What the command line says of itself."""

from typing import Final

ABOUT: Final = """\
Falsifiable bets: criteria first, every outcome kept. Bets are run by pytest itself:

  pytest bets/                        run every bet, red on a catastrophe alone
  pytest bets/ -m strict              red where a strict criterion is not met
  pytest bets/ --bets-replay          judge the recorded measurements again, in seconds

These commands do the rest:
"""

CLAIMS: Final = """\
Hold write-ups against the records. Code, in blocks and in spans, claims nothing. A finding is:

  Bet 46: PASS          a verdict that is not the record's; also Bet 46 (PASS), Bet 46 is void, Bets 11 and 15: PASS,
                        and a table row with one bet, where one cell is a verdict and nothing else; the verdicts are
                        PASS, LENIENT, FAIL, void and never run
  Bet 37                a bet whose claim is retracted or withdrawn, where the same paragraph, heading, table row or
                        list item does not say so
  <!-- bet 46: count(norm < full) -->15<!-- /bet -->
                        a number that is not the recorded value of that sentence, rounded to the decimals that are
                        shown (80 % is 0.8); left empty, --fix fills it

Exit status: 0 clean, 1 findings (after --fix: those that remain), 2 usage, 3 it cannot be told.
"""

AUDIT: Final = """\
Walk the whole history of every bet in git, renames followed, without running any of its code. A finding is:

  goalposts        a criterion, the hypothesis, a constant, the sweep, the control or a challenge changed after the
                   bet's first result, each classed tightened, loosened, replaced, added or removed
  same-commit, late, unregistered, lost-commit
                   a result of which git cannot show that the declaration came first
  vanished-bet, vanished-record, vanished-line, broken-chain, elsewhere
                   a bet, its record or a run of it that is no longer there, or not in this journal
  edited-record, misjudged
                   a record that no run wrote, or that is not what its own measurements give
  redeclared       a bet that repeats the claim of one that has fallen
  undeclared       results of a bet that no commit has held

Notes tell what else is worth knowing: changes before the first result, renames, records that are stale because code
has changed since, runs that disagree, retractions. docs/audit.md explains each kind, docs/threat-model.md says what git
alone cannot show.

Exit status: 0 clean, 1 findings, 2 usage, 3 it cannot be told (no git, a shallow clone, a bet in another repository).
"""

UPGRADE: Final = """\
Write records of an older schema in that of today. A record of schema 1 names the files of its code, one of schema 2 the
definitions. Only that part changes. It is read from the commit that the record names, after the files of the commit are
compared with the hashes in the record; no code is run. The journal gets a line for each record, with all that was
replaced, and the audit checks it.

Exit status: 0 done, 1 a record could not be upgraded, 2 usage, 3 cannot determine.
"""
