"""Read what a block says about bets, together with the headings, lists and tables around it."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_bets.claims.block import Block
from pytest_bets.claims.claim import Claim
from pytest_bets.claims.context import RELEASE, Context, Frame
from pytest_bets.claims.fold import Folded, Token, fold, tokens
from pytest_bets.claims.lexicon import PAST, soft, words
from pytest_bets.claims.mentions import Finder, Mention
from pytest_bets.claims.said import Said
from pytest_bets.claims.tables import Column, cells, numbered, repeats
from pytest_bets.claims.unbound import Unbound

_NAMING: Final = re.compile(r"(?i)bet|\d_|\A\W*\d+\W*(?:\0|\Z)|\0\W*\w+\W*(?:\0|\Z)")
"""What a block that names a bet has: the word, an id with its number, or a cell of one word."""
_MOST_LINKS: Final = 2000
_QUANTITIES: Final = words("one two three four five six some both neither former latter respectively most half")


def read(block: Block, context: Context, finder: Finder) -> Said:
    """Read what a block says."""
    folded = fold(block.text)
    frames = context.frames(block)
    about = context.bets(block)
    if not about and not block.links and _names_no_bet(block, folded):
        head = len(folded.text) < 200 and (block.kind == "list item" or folded.text.rstrip().endswith(":"))
        return Said(folded, tokens(folded.text) if head else (), [], [])
    items = tokens(folded.text)
    mentions = finder.find(folded.text, items)
    heads = context.columns(block, finder)
    row = cells(items) if block.kind == "table row" else []
    listed = _in_cells(items, row, heads, finder, mentions, frames) if row else []
    if listed:
        mentions = sorted([*mentions, *listed], key=lambda mention: mention.first)
    taken = {at for mention in mentions for at in range(mention.first, mention.last + 1)}
    titles = [mention for mention in _in_links(block, folded, items, finder) if mention.first not in taken]
    in_links = {mention.first for mention in titles}
    mentions = sorted([*mentions, *titles], key=lambda mention: mention.first)
    reader = Unbound(folded.text, items, mentions)
    said = Said(folded, items, mentions, reader.bound(), columns=heads)
    for mention in mentions:
        mention.certain = mention.certain and not _in_code(block, said, mention)
        linked = mention.first not in in_links and _is_linked(block, said, mention)
        mention.certain = mention.certain or linked or _is_alone(said, mention, row, finder)
        mention.certain = mention.certain or _is_title(block, said, mention)
    if row:
        sure = _sure(mentions, listed, finder)
        said.subject = _subject(sure, row, heads)
        if block.header is not None or len(mentions) == 1:
            said.claims += _row_claims(reader, said, row, heads, sure)
    said.claims += reader.continued([mention for mention in mentions if mention.certain])
    said.claims += reader.predicated(said.claims)
    said.claims += reader.alike(said.claims, mentions)
    said.claims += reader.everyone(finder.all)
    own = [
        mention for mention in mentions if mention.certain or _is_full_id(mention, finder) or mention is said.subject
    ]
    said.claims += _under_heads(said, row, heads)
    said.passing = {mentions[index].first for index in reader.hosts}
    if own:
        said.claims += [_several(said, claim) for claim in reader.loose(own)]
        said.claims += _listed(block, said, frames)
    elif not mentions and about:
        said.claims += reader.about(about)
    for claim in said.claims:
        claim.mention.certain = True
    said.mentions = [mention for mention in mentions if mention.certain]
    _add_frames(said, frames)
    return said


def _names_no_bet(block: Block, folded: Folded) -> bool:
    """Return whether a block cannot name a bet: most blocks do not, and need no further reading."""
    plain = block.kind != "heading" and block.header is None and not block.comments
    return plain and not _NAMING.search(folded.text)


def _in_cells(
    items: Sequence[Token],
    row: Sequence[tuple[int, int]],
    heads: Sequence[Column],
    finder: Finder,
    mentions: Sequence[Mention],
    frames: Sequence[Frame],
) -> list[Mention]:
    """Return the bets that cells of a row name by a number alone."""
    taken = {at for mention in mentions for at in range(mention.first, mention.last + 1)}
    among = any("bet" in frame.text.lower() for frame in frames)
    found = numbered(items, row, heads, finder, among_bets=among)
    return [mention for mention in found if mention.first not in taken]


def _in_links(block: Block, folded: Folded, items: Sequence[Token], finder: Finder) -> list[Mention]:
    """Return the ids that are the whole text of a link: they name bets where a verdict follows."""
    if not block.links or len(block.links) > _MOST_LINKS:
        return []
    starts = dict(block.links)
    found = []
    for at, token in enumerate(items):
        if token.text not in finder.ids:
            continue
        end = starts.get(block.places[folded.index[token.start]] - 1, 0)
        after = items[at + 1] if at + 1 < len(items) else None
        if end and (after is None or block.places[folded.index[after.start]] >= end):
            found.append(Mention([token.text], at, at, certain=False))
    return found


def _sure(mentions: Sequence[Mention], listed: Sequence[Mention], finder: Finder) -> list[Mention]:
    """Return the mentions in a row that name bets of ours without a verdict."""
    alone = {mention.first for mention in listed}
    ours = [mention for mention in mentions if not mention.others]
    return [mention for mention in ours if mention.certain or mention.first in alone or _is_full_id(mention, finder)]


def _subject(sure: Sequence[Mention], row: Sequence[tuple[int, int]], heads: Sequence[Column]) -> Mention | None:
    """Return the bet that a row is about: in the column of bets if there is one, otherwise the first."""
    cell = next((cell for cell, head in zip(row, heads, strict=False) if head.names_bets), (0, 0))
    inside = [mention for mention in sure if cell[0] <= mention.first < cell[1]]
    return next(iter([*inside, *sure]), None)


def _add_frames(said: Said, frames: Sequence[Frame]) -> None:
    """Add what the headings and the paragraphs above say."""
    said.planned = any(frame.planned for frame in frames)
    said.gone = frozenset().union(*(frame.gone for frame in frames))
    said.heading = next((frame.bets for frame in frames if frame.bets), [])
    said.dated = any(frame.dated for frame in frames)
    if said.dated:
        said.claims = [_dated(said, claim) for claim in said.claims]


def _row_claims(
    reader: Unbound, said: Said, row: Sequence[tuple[int, int]], heads: Sequence[Column], sure: Sequence[Mention]
) -> list[Claim]:
    """Return the claims of the cells that have a verdict and nothing else, on the `sure` bets of the row."""
    found: list[tuple[Column | None, Claim]] = []
    owner, several = _owner(said, row, sure)
    side_by_side = repeats(heads)
    label = " ".join(token.low for token in said.tokens[slice(*row[0])])
    if label in ("strict", "lenient", "catastrophic", "control", "premise", "null"):
        return []
    for index, (first, end) in enumerate(row):
        head = heads[index] if index < len(heads) else None
        words = [at for at in range(first, end) if counts(said.tokens[at])]
        if len(words) != 1 or words[0] in reader.used or words[0] in reader.inside:
            continue
        token = said.tokens[words[0]]
        if token.kind != "verdict" and not soft(token.low):
            continue
        if token.kind == "sign" and head and not head.verdict and not head.bets:
            continue
        if head and head.bets and said.subject is None:
            claim = reader.said(Mention(list(head.bets), words[0], words[0]), words[0])
            found.append((head, replace(claim, dated=_is_release(said, row))))
        elif said.subject is not None:
            if side_by_side:
                owner = next((mention for mention in reversed(sure) if mention.last < first), owner)
            claim = reader.said(owner or said.subject, words[0])
            found.append((head, replace(claim, several=several and not side_by_side)))
        reader.used.add(words[0])
    own = [(head, claim) for head, claim in found if not (head and head.other and not head.verdict)]
    labelled = [claim for head, claim in own if head and (head.verdict or (head.bets and said.subject is None))]
    claims = labelled or [claim for _, claim in own]
    if len(claims) > 1 and not labelled:
        allowed = frozenset().union(*(claim.allowed for claim in claims))
        return [replace(claims[0], allowed=allowed, exact="", bound=False)]
    return claims


def _owner(said: Said, row: Sequence[tuple[int, int]], sure: Sequence[Mention]) -> tuple[Mention | None, bool]:
    """Return the bet of a row; where its cell names several and begins with none, these, of which it is one."""
    subject = said.subject
    around = next(((first, end) for first, end in row if subject and first <= subject.first < end), None)
    if subject is None or around is None:
        return subject, False
    inside = [mention for mention in sure if around[0] <= mention.first < around[1]]
    if len(inside) == 1 or all(token.kind == "sign" for token in said.tokens[around[0] : subject.first]):
        return subject, False
    return Mention([name for mention in inside for name in mention.bets], subject.first, inside[-1].last), True


def _under_heads(said: Said, row: Sequence[tuple[int, int]], heads: Sequence[Column]) -> list[Claim]:
    """Return the claims of a table whose columns are called by verdicts, on the bets in their cells."""
    claimed = {claim.mention.first for claim in said.claims}
    found = []
    for (first, end), head in zip(row, heads, strict=False):
        inside = [mention for mention in said.mentions if first <= mention.first < end and mention.certain]
        if head.allowed:
            found += [Claim(mention, head.allowed, mention.first) for mention in inside if mention.first not in claimed]
    return found


def _is_release(said: Said, row: Sequence[tuple[int, int]]) -> bool:
    """Return whether the first cell of a row is a version or a date."""
    first, end = row[0]
    return first < end and bool(
        RELEASE.fullmatch(said.folded.text[said.tokens[first].start : said.tokens[end - 1].end])
    )


def counts(token: Token) -> bool:
    """Return whether a token is a word of a cell, a verdict, or a sign that stands for one."""
    return token.kind in ("word", "verdict") or bool(soft(token.low)) or token.text == "\ufffc"


def _several(said: Said, claim: Claim) -> Claim:
    """Mark a claim of several bets of which the sentence says how many it is of."""
    start = said.starts[claim.first]
    words = said.tokens[max(start, claim.first - 30) : claim.first + 8]
    several = len(claim.mention.bets) > 1 and any(token.low in _QUANTITIES for token in words)
    return replace(claim, several=several)


def _listed(block: Block, said: Said, frames: Sequence[Frame]) -> list[Claim]:
    """Return the claim of a heading or a paragraph on the bet that an item below it begins with."""
    allowed, text = next(((frame.allowed, frame.text) for frame in frames[:1] if frame.allowed), (frozenset(), ""))
    first = said.mentions[0]
    begins = all(token.kind == "sign" for token in said.tokens[: first.first])
    claimed = any(claim.mention.first <= first.first <= claim.mention.last for claim in said.claims)
    if not allowed or first.others or claimed or not begins:
        return []
    rest = len(said.tokens) - first.last - 1
    if block.kind not in ("list item", "table row", "heading") and rest > 3:
        return []
    return [Claim(first, allowed, first.first, under=text)]


def _dated(said: Said, claim: Claim) -> Claim:
    between = said.tokens[max(min(claim.mention.first, claim.first), claim.first - 40) : claim.first + 1]
    return replace(claim, dated=claim.dated or any(token.low in PAST for token in between))


def _in_code(block: Block, said: Said, mention: Mention) -> bool:
    at = said.span(mention.first)[0]
    index = bisect_right(block.codes, (at, len(block.places))) - 1  # the last one that starts before it
    return index >= 0 and at < block.codes[index][1]


def _is_linked(block: Block, said: Said, mention: Mention) -> bool:
    if not block.links or len(block.links) > _MOST_LINKS:
        return False
    at = said.place(block, mention.first)
    return any(start <= at < end for start, end in block.links)


def _is_title(block: Block, said: Said, mention: Mention) -> bool:
    """Return whether a heading or a list item begins with a mention by id, and a sign or nothing follows."""
    following = said.tokens[mention.last + 1 : mention.last + 2]
    begins = mention.first == 0 and block.kind in ("heading", "list item")
    return begins and not mention.bets[0].isdecimal() and all(token.kind != "word" for token in following)


def _is_alone(said: Said, mention: Mention, row: Sequence[tuple[int, int]], finder: Finder) -> bool:
    """Return whether a mention by id is the whole content of its cell."""
    named = said.tokens[mention.first].low in ("bet", "bets") or _is_full_id(mention, finder)
    around = next(((first, end) for first, end in row if first <= mention.first < end), None)
    if not named or around is None:
        return False
    rest = [at for at in range(*around) if not mention.first <= at <= mention.last]
    return all(said.tokens[at].kind == "sign" and said.tokens[at].text != "\ufffc" for at in rest)


def _is_full_id(mention: Mention, finder: Finder) -> bool:
    return all(name in finder.ids and name[0].isdigit() and "_" in name for name in mention.bets)
