"""Where data, models, optimizers and schedules meet: the training of one cell."""
