"""Learning-rate schedules: one file each, with ``Config`` and ``factor(config, step, steps_per_epoch, num_steps)``.

A schedule is a pure function of the step: the peak learning rate is multiplied by its value, so that
resuming needs nothing but the step. ``EXAMPLE``: knobs for a training of three epochs, with which the tests that all
schedules share (tests/unit/schedules/test_schedules.py) run it.
"""
