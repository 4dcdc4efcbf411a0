"""The known error rates of a catalogue: what its verdicts say together."""

from collections.abc import Sequence
from typing import Final

from pytest_bets.bet import docstring
from pytest_bets.bet.odds import forecast
from pytest_bets.record.known_error import TIER_OF
from pytest_bets.record.record import Record
from pytest_bets.record.summary_model import ErrorRates, StandsAt, SummaryRow

_DIGITS: Final = 12


def error_rates(records: Sequence[Record], rows: Sequence[SummaryRow]) -> ErrorRates | None:
    """Return the rates over all judged bets; None where no bet has a null, a known error or enough forecasts.

    A record under a former name counts for its new one alone.
    """
    from pytest_bets.chance import fdr  # here: few catalogues have a null
    from pytest_bets.chance.forecast import calibration

    former = {row.id for row in rows if row.renamed_to}
    judged = [record for record in records if record.verdict is not None and record.id not in former]
    chances, lucky = {}, []
    for record in judged:
        if record.luck is not None and record.luck.swaps:
            found = record.luck.largest("strict")
            chances[record.id] = found[1].chance if found and record.verdict == "PASS" else 1.0
            lucky += [found[1].chance] if found else []
    forecasts = [
        (odds, str(record.verdict))
        for record in judged
        if record.declaration.odds is not None
        and (odds := forecast(docstring.read(record.declaration.docstring))) is not None
    ]
    scores = calibration(forecasts)
    known = [row for row in rows if row.known_error is not None]
    if not (known or chances or scores):
        return None
    return ErrorRates(
        compared=len(chances),
        expected=float(f"{sum(lucky):.{_DIGITS}g}"),
        passes=sum(record.verdict == "PASS" for record in judged if record.id in chances),
        stands=tuple(StandsAt(rate, tuple(fdr.standing(chances, rate))) for rate in fdr.RATES) if chances else (),
        unknown=tuple(
            row.id for row in rows if row.verdict in TIER_OF and row.known_error is None and row.id not in former
        ),
        calibration=scores,
    )
