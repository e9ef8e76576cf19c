"""Optimizers: one file each, with ``Config`` and ``build(config, groups, lr) -> torch.optim.Optimizer``."""
