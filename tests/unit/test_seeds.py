"""Named random streams."""

import hashlib
import itertools

import pytest

from lrwd.seeds import derive


def test_is_the_documented_hash() -> None:
    # Written out, as records of years hence must come from the same streams.
    text = "int:7\x1fstr:augment\x1fint:3\x1fint:11"
    assert derive(7, "augment", 3, 11) == int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) >> 1


def test_known_values_stay() -> None:
    assert derive(0, "init") == 9_055_703_558_391_577_090
    assert derive(1, "order", 2) == 2_020_886_880_065_396_977


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_fits_a_generator_of_torch_and_numpy(seed: int) -> None:
    values = [derive(seed, "order", epoch) for epoch in range(200)]
    assert all(0 <= value < 2**63 for value in values)
    # The top bit that may be set is: no bits are lost but the sign.
    assert max(values) > 2**62


def test_streams_are_apart() -> None:
    names: list[tuple[str | int, ...]] = [
        ("order", 1, 11),
        ("order", 11, 1),
        ("order", 111),
        ("order", "1", 11),
        ("order", 1, "11"),
        ("order1", 11),
        ("order",),
        (),
    ]
    values = [derive(seed, *name) for seed, name in itertools.product(range(3), names)]
    assert len(set(values)) == len(values)


def test_a_seed_is_no_name() -> None:
    assert derive(1, 2) != derive(12)
    assert derive(1, 2) != derive(2, 1)
