"""Named random streams, all derived from one seed.

Every use of randomness in a cell has a stream of its own, named and counted: ("order", epoch),
("augment", epoch, step), … . A stream's numbers therefore never depend on how many numbers another
one drew, and a resumed training needs no saved generator state.
"""

import hashlib


def derive(seed: int, *names: str | int) -> int:
    """Seed of the random stream with this name.

    Args:
        seed: the cell's seed (or a recipe's, for streams that all cells share).
        names: the stream's name and counters, for example ``("augment", epoch, step)``.

    Returns:
        An integer in [0, 2**63), a function of the arguments alone (first 8 bytes of a SHA-256).
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
