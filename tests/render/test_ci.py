"""The Markdown page of a session, and the escapes of GitHub's workflow commands."""

from pytest_bets.render.ci import LARGEST, Annotation, Row, summary


def test_a_workflow_command_is_escaped_as_github_documents_it() -> None:
    """Per cent signs and line ends in the message; colons and commas in properties too."""
    made = str(Annotation("error", "a,b:c.py", 3, "1: x, y", "50 %\r\nlost\x1b[0m"))
    assert made == "::error file=a%2Cb%3Ac.py,line=3,title=1%3A x%2C y::50 %25%0Alost\\x1b[0m"


def test_a_page_that_github_would_refuse_is_cut() -> None:
    """It says how many bets are left out."""
    rows = [Row(f"{number}_a", "x" * 1000, "PASS", None, ["`a`"], "stands") for number in range(2000)]
    page = summary(rows, "main", red=False)
    assert LARGEST < len(page.encode()) < LARGEST + 5000
    assert "more bets are left out" in page
    assert page.startswith("## Bets: passed\n\n2000 bets, 0 with another verdict than main, 2000 new there.")
