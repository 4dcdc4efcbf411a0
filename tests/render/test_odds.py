"""What the chances of several bets say together."""

from pytest_bets.render.odds import Odds, together


def test_a_bet_without_a_number_is_called_by_its_whole_id() -> None:
    """`warm` could be any bet whose name begins so."""
    words = together([Odds("warm_start", "null", "", "PASS", "", 0.001), Odds("07_x", "null", "", "PASS", "", 0.002)])
    assert words.startswith("2 bets with exchanged columns and a verdict: ")
    assert words.endswith(" At a false discovery rate of 20 % stand: warm_start, 07.")
    assert together([Odds("07_x", "null", "", "FAIL", "", 0.2)]).startswith("1 bet with exchanged columns")
