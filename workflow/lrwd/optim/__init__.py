"""Optimizers: one file each, with ``Config`` and ``build(config, groups) -> torch.optim.Optimizer``.

``groups`` are those of ``decay_groups``. Before every step the training loop sets ``lr`` in each group, and
``weight_decay`` in the groups whose flag ``decays`` is true; the optimizer decays by the values that it finds there,
``p -= lr * wd * p``. An optimizer that adds ``wd * p`` to the gradient instead has ``COUPLED = True``. ``EXAMPLE``:
knobs for the tests that all optimizers share (tests/unit/optim/test_optimizers.py).
"""
