"""Bet 64: the owner of an audit log can't rewrite what a witness has a signed head of.

Hypothesis: Merkle commitments (RFC 6962) let a witness that keeps one signed head and three entries catch every later
    forgery by the log's owner, who holds the key, recomputes the whole tree and serves the best proofs it can find.
Strict: the share of forgeries caught is 1 (all of them), and the share of honest proofs accepted is 1 (all of them).
Lenient: 99 % of the forgeries are caught, and the share of honest proofs accepted is 1.
Catastrophic: 1 % (0.01) of the forgeries of any 1 kind are accepted silently.
Control: the forgeries are real: a witness without the tree, who checks signature and size of the heads alone, catches
    at most 20 % of them, and each of the 6 kinds of forgery gets past it at least once.
Scope: entries under a head that some witness holds, in a head that the owner then shows; an owner that rewrites what
    nobody has a head of, or that shows the forgery to nobody, is out of reach. A fork is caught only when witnesses
    compare their heads, over a channel that the owner does not control. Says nothing of a broken SHA-256 or Ed25519.
    Run three times on 2026-11-22 and 2026-11-23, with this declaration and each time a PASS, before the history of
    this repository began: the outcome was known when it was declared here, and the run on record is a replication.
Run: pytest bets/bet_64_audit_nonrepudiation.py
"""

import asyncio
import random

import pytest

from bets.lab.artifacts import identity
from bets.lab.audit import audit_log, forgery
from bets.lab.coordinator import coordinator

ATTACKS = ("edit", "delete", "insert", "reorder", "truncate", "fork")
ATTEMPTS = 40
KNOWN = 3
PILOT = {"ATTEMPTS": 3}


@pytest.mark.strict("sum(caught) / sum(attempts) >= 1", "sum(honest) / sum(honest_total) >= 1")
@pytest.mark.lenient("sum(caught) / sum(attempts) >= 0.99", "sum(honest) / sum(honest_total) >= 1")
@pytest.mark.catastrophic("groups(attack, sum(silent) / sum(attempts) >= 0.01) >= 1")
@pytest.mark.control("sum(caught_without_tree) / sum(attempts) <= 0.2")
@pytest.mark.control("groups(attack, sum(caught_without_tree) < sum(attempts)) >= 6")
@pytest.mark.replicate(5)
@pytest.mark.parametrize("attack", ATTACKS)
def experiment(seed, attack):
    return asyncio.run(audits(attack, identity.identity("owner", seed), random.Random(f"{attack}/{seed}")))


async def audits(attack, owner, rng):
    """Grow a log under a witness's eyes, forge it, let the witness audit it; again and again."""
    app = coordinator.create_app(owner)
    state, key = app.state.coordinator, owner.public_key
    total = dict.fromkeys(("attempts", "caught", "silent", "caught_without_tree", "honest", "honest_total"), 0)
    async with coordinator.in_process(app) as client:
        for _ in range(ATTEMPTS):
            log = state.log = audit_log.AuditLog(owner, forgery.noise(rng, rng.randint(KNOWN, 32)))
            known = {index: log.entries[index] for index in rng.sample(range(len(log.entries)), KNOWN)}
            first = await audit_log.fetch_head(client)
            for entry in forgery.noise(rng, rng.randint(1, 32)):
                log.append(entry)
            honest = [await audit_log.audit(client, key, first, known)]
            held = honest[0].head
            state.log = forgery.ForgedLog(owner, forgery.forge(log.entries, attack, rng, first.size), log, rng)
            if attack == "fork":  # to the witness of the other branch nothing looks wrong, until the two compare heads
                honest.append(await audit_log.audit(client, key, first, known))
                shown, findings = honest[1].head, await audit_log.compare(client, key, held, honest[1].head)
            else:
                forged = await audit_log.audit(client, key, held, known)
                shown, findings = forged.head, forged.findings
            total["attempts"] += 1
            total["caught" if findings else "silent"] += 1
            total["caught_without_tree"] += not shown.signed_by(key) or shown.size < held.size
            total["honest"] += sum(seen.proofs - len(seen.findings) for seen in honest)
            total["honest_total"] += sum(seen.proofs for seen in honest)
    return total
