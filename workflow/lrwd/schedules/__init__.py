"""Schedules of the learning rate (and of the weight decay): one file each, found by its name; without torch.

A file has ``Config`` (its knobs), ``EXAMPLE`` (knobs for a training of three epochs, with which the tests that all
schedules share run it, in tests/unit/schedules/test_schedules.py) and one of

* ``lr_factors(config, training)``: shares of the peak learning rate for all steps at once, of shape (num_steps,);
* ``causal_factor(config, training, norms)``: the share of step t from this run's own gradient norms up to and with
  that step, ``norms`` of shape (t + 1,); asked for every step, between its backward pass and its update.

Optional: ``wd_factors(config, training)``, shares of the weight decay for all steps (without it the decay is constant);
``DECOUPLED = True``: follows from decoupled decay, and is refused with an optimizer that is ``COUPLED``.

A ``Config`` with a field ``base`` makes a schedule from another run: ``base`` names a recipe with
``gradient_trace: true``, whose cell of the same data set, architecture, lr, wd and seed is trained first, and
``training.base_trace`` has its gradient norms.

The peak learning rate: the largest share is 1 where all are known beforehand; where a formula has a free scale R, that
fixes it. A causal formula's R is the norm of the first gradient, so that the first step's share is 1 (but for factors
of the source such as 1 - t/T). Each file says so.
"""
