"""What the bets on personal adapters share: texts, noise, and adapters that are moved or scrambled."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bets.lab import adapters, corpus, personal, seeding, training
from bets.lab.artifacts import weights
from bets.lab.model import SIZES, FractalMoE, Stage
from bets.lab.training import Budget

BUDGET = Budget(steps=2, length=32, learning_rate=1e-2)
TINY = SIZES["tiny"]


def model(seed: int) -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(seed, "weights")).requires_grad_(False)


@pytest.fixture(scope="module")
def worn() -> adapters.Adapter:
    return adapters.adapter(personal.adapted(model(1), "norm", personal.text("novelist"), BUDGET, 3))


def test_noise_is_as_long_as_the_text_and_uniform() -> None:
    noise = personal.noise("novelist", 1)
    assert len(noise) == len(personal.text("novelist"))
    counts = torch.bincount(training.tokens(noise), minlength=256)
    expected = len(noise) / 256
    chi_squared = float(((counts - expected) ** 2 / expected).sum())
    assert 150 < chi_squared < 380  # 255 degrees of freedom: mean 255, standard deviation 23
    assert noise != personal.noise("novelist", 2)


def test_a_person_has_a_short_text_that_is_not_held_out() -> None:
    for user in corpus.USERS:
        assert 40_000 < len(personal.text(user)) <= personal.OWN
        assert corpus.load(user).held_out[:200] not in personal.text(user)


def test_the_placebo_is_an_adapter_of_noise_in_the_same_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that differs is the text: what the generator draws is the same."""
    monkeypatch.setattr(personal, "base", lambda _size: model(1))
    seen: list[tuple[bytes, Tensor]] = []
    train = training.train

    def watched(adapted: Stage, words: bytes, budget: Budget, generator: torch.Generator, *, label: str) -> list[float]:
        seen.append((words, generator.get_state()))
        return train(adapted, words, budget, generator, label=label)

    monkeypatch.setattr(training, "train", watched)
    own = personal.adapter("tiny", "novelist", BUDGET, 4)
    placebo = personal.placebo("tiny", "novelist", BUDGET, 4)
    assert [words for words, _ in seen] == [personal.text("novelist"), personal.noise("novelist", 4)]
    assert torch.equal(seen[0][1], seen[1][1])
    assert any(not torch.equal(placebo[name], own[name]) for name in own)


def test_an_adapter_that_is_moved_to_its_own_base_stays_what_it_was(worn: adapters.Adapter) -> None:
    moved = personal.transplanted(worn, model(1), model(1))
    assert all(torch.allclose(moved[name], worn[name], atol=1e-6) for name in worn)


def test_a_moved_adapter_changes_the_other_base_by_what_it_changed_its_own(worn: adapters.Adapter) -> None:
    source, target = model(1), model(2)
    with torch.no_grad():
        target.get_parameter("norm.weight").fill_(3.0)
    moved = personal.transplanted(worn, source, target)
    change = worn["norm.weight"] - source.state_dict()["norm.weight"]
    assert torch.allclose(moved["norm.weight"], 3.0 + change)


def test_an_adapter_does_not_move_to_a_base_of_another_shape(worn: adapters.Adapter) -> None:
    other = FractalMoE(SIZES["30m"], seeding.torch_generator(1, "weights"))
    with pytest.raises(weights.WeightsError, match=r"the adapter: .*: found shape \(32,\), expected \(256,\)"):
        personal.transplanted(worn, model(1), other)


def test_a_scrambled_adapter_has_the_same_changes_in_another_order(worn: adapters.Adapter) -> None:
    before = model(1).state_dict()
    scrambled = personal.scrambled(worn, model(1), 5)
    for name, value in worn.items():
        change, other = value - before[name], scrambled[name] - before[name]
        assert torch.allclose(change.sort().values, other.sort().values, atol=1e-6)
        assert not torch.equal(change, other)


def test_the_unigram_loss_is_its_definition() -> None:
    text, train = b"abca", b"aab"
    shares = {97: 3 / 259, 98: 2 / 259, 99: 1 / 259}
    expected = -sum(torch.tensor(shares[byte]).log() for byte in text[1:]) / 3
    assert training.unigram(train, text) == pytest.approx(float(expected), rel=1e-5)
