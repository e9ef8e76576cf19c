"""Named random streams, all derived from one seed.

Every use of randomness in a cell has its own stream, identified by a name and counters: ("order", epoch),
("augment", epoch, step), … . The numbers of a stream therefore do not depend on how many numbers were drawn from
another, and a resumed training needs no saved generator state.
"""

import hashlib


def derive(seed: int, *names: str | int) -> int:
    """Seed of the random stream with this name.

    Args:
        seed: the cell's seed (or a recipe's, for streams that all cells share).
        names: the stream's name and counters, for example ``("augment", epoch, step)``.

    Returns:
        An integer in [0, 2**63) that depends only on the arguments (first 8 bytes of a SHA-256).
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
