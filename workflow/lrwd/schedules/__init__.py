"""Schedules of the learning rate (and of the weight decay): one file each, found by its name; without torch.

A file has ``Config`` (its knobs), ``EXAMPLE`` (knobs for a training of three epochs, used by the tests that all
schedules share, tests/unit/schedules/test_schedules.py) and one of

* ``lr_factors(config, training)``: shares of the peak learning rate for all steps at once, of shape (num_steps,);
* ``causal_factor(config, training, norms)``: the share of step t from this run's own gradient norms up to and
  including that step, ``norms`` of shape (t + 1,); called in every step, between its backward pass and its update.

Optional: ``wd_factors(config, training)``, shares of the weight decay for all steps (without it the decay is constant);
``DECOUPLED = True``: derived for decoupled decay, and refused with an optimizer that is ``COUPLED``.

Formulas that the theory uses too are in ``lrwd/theory/formulas``; the file here adapts one to a Config.

A ``Config`` with a field ``base`` makes a schedule from another run: ``base`` names a recipe with
``gradient_trace: true``, whose cell of the same data set, architecture, lr, wd and seed is trained first, and
``training.base_trace`` holds its gradient norms.

The peak learning rate: if all shares are known in advance, the largest is 1, which also fixes the free scale R of a
formula that has one. A causal formula's R makes the share of the first step 1 (except for factors of the source such
as 1 - t/T). Each file states its R.
"""
