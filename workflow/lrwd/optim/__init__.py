"""Optimizers: one file each, with ``Config`` and ``build(config, groups, lr) -> torch.optim.Optimizer``.

``EXAMPLE``: knobs with which the tests that all optimizers share (tests/unit/optim/test_optimizers.py) run it.
"""
