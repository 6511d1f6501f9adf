"""The ratio gate against a known truth, while contention confounds."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from patchdeck.model.journal import Verdict
from patchdeck.rollout.gates.ratio import Sampled, compare

TRIALS = 120


def sample(chance: random.Random, in_flight: int, slower: float = 1.0, *, cold: bool = False) -> Sampled:
    """A startup takes 0.2 s in calm, grows with what else starts, doubles after a pull, and spreads by a quarter."""
    seconds = 0.2 * slower * (1 + 0.35 * in_flight) * (2.0 if cold else 1.0) * chance.lognormvariate(0, 0.25)
    return Sampled(seconds=seconds, in_flight=in_flight, cold=cold)


def confounded(chance: random.Random, slower: float, replicas: int) -> tuple[list[Sampled], list[Sampled]]:
    """Old ones started mostly in calm, new ones mostly in a crowd, the first of them after a pull."""
    old = [sample(chance, chance.choice([0, 0, 0, 1, 2, 3, 5])) for _ in range(4 * replicas)]
    new = [
        sample(chance, chance.choice([0, 1, 2, 3, 3, 5, 6]), slower, cold=turn == 0)
        for turn in range(replicas)
    ]
    return new, old


def rates(
    slower: float,
    replicas: int,
    make: Callable[..., tuple[list[Sampled], list[Sampled]]],
    trials: int = TRIALS,
) -> dict[Verdict, float]:
    verdicts = [compare(*make(random.Random(seed), slower, replicas)).verdict for seed in range(trials)]
    return {verdict: verdicts.count(verdict) / trials for verdict in Verdict}


@pytest.mark.parametrize("replicas", [6, 12, 24])
def test_an_equal_version_hardly_ever_fails_although_it_started_in_a_crowd(replicas: int) -> None:
    assert rates(1.0, replicas, confounded)[Verdict.FAIL] <= 0.046


@pytest.mark.parametrize("replicas", [6, 12, 24])
def test_a_version_that_is_half_as_slow_again_hardly_ever_passes(replicas: int) -> None:
    assert rates(1.5, replicas, confounded)[Verdict.PASS] <= 0.046


@pytest.mark.parametrize("slower", [1.1, 1.25])
def test_at_its_own_limits_it_errs_at_most_as_often_as_its_confidence_says(slower: float) -> None:
    wrong = Verdict.FAIL if slower == 1.1 else Verdict.PASS
    assert rates(slower, 12, confounded)[wrong] <= 0.10


def test_with_enough_to_see_it_does_decide() -> None:
    assert rates(1.0, 40, confounded, trials=40)[Verdict.PASS] >= 0.75
    assert rates(1.5, 40, confounded, trials=40)[Verdict.FAIL] >= 0.90


def test_without_strata_an_equal_version_would_be_failed() -> None:
    """What this module is for: the same startups, taken for equally crowded, tell a lie."""

    def blind(chance: random.Random, slower: float, replicas: int) -> tuple[list[Sampled], list[Sampled]]:
        new, old = confounded(chance, slower, replicas)
        return [Sampled(seconds=s.seconds, in_flight=0) for s in new], [
            Sampled(seconds=s.seconds, in_flight=0) for s in old
        ]

    assert rates(1.0, 12, blind)[Verdict.FAIL] > 0.3


def test_few_startups_hold_and_say_how_many_are_wanted() -> None:
    chance = random.Random(1)
    old = [sample(chance, 0) for _ in range(20)]
    told = compare([sample(chance, 0) for _ in range(3)], old)
    assert (told.verdict, told.evidence, told.ratio) == (Verdict.HOLD, "n 3 new, wants 5", None)
    told = compare(old, old[:2])
    assert (told.verdict, told.evidence) == (Verdict.HOLD, "n 2 old, wants 5")
    told = compare(old, [])
    assert told.evidence == "n 0 old, wants 5: the engine tells no longer how long the old ones took"


def test_startups_that_have_no_match_hold() -> None:
    chance = random.Random(1)
    calm, crowd = ([sample(chance, n) for _ in range(20)] for n in (0, 40))
    told = compare(calm, crowd)
    assert told.verdict is Verdict.HOLD
    assert told.evidence == "at equal starts in flight n 0 new and 0 old, wants 5 of each"


def test_the_same_startups_give_the_same_answer() -> None:
    new, old = confounded(random.Random(7), 1.1, 12)
    assert compare(new, old) == compare(new, old)


def test_the_evidence_has_the_ratio_its_interval_and_the_counts() -> None:
    chance = random.Random(3)
    told = compare([sample(chance, 0, 3.0) for _ in range(10)], [sample(chance, 0) for _ in range(30)])
    assert told.verdict is Verdict.FAIL
    assert told.evidence.startswith(f"{told.ratio:.2f}× [{told.low:.2f}, {told.high:.2f}] longer than 1.1×")
    assert told.evidence.endswith("n 10 new, 30 old")
