"""The schedules that post 003 derives from gradient norms, and those of practice, by the names that tables print."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lrwd import registry
from lrwd.theory.formulas import norm_schedules as derived
from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.optimal_tail import best_of_shape, optimal_tail, with_best_final

CONSTANT_AVERAGE, ADAGRAD = "constant for the average", "AdaGrad-norm"
INVERSE, INVERSE_CAUSAL = "1/G²", "1/G², causal"
CONSTANT_LAST, LAST_CAUSAL = "constant for the last", "recent norms, causal"
OPTIMUM, GUESS, GUESS_CAUSAL = "optimum of last-2", "warm-up–decay (guess)", "warm-up–decay, causal"
LINEAR, WARM_COSINE, WARM_LINEAR = "linear decay", "warm-up + cosine", "warm-up + linear"
OWN = ", own norms"
# Schedules of practice -> the file of workflow/lrwd/schedules that defines their shape.
PRACTICE = {WARM_COSINE: "cosine", WARM_LINEAR: "linear"}
# What a schedule knows of the gradients.
WHOLE, PAST, OWN_PAST, SCALE = "the whole run's", "those up to now", "its own up to now", "for its scale only"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A schedule for a run of T steps.

    Args:
        name: as printed.
        knows: what it knows of the gradients' norms.
        lr: eta_t; (T,).
        weights: w_t of ``from_weights`` if it is made by that, which gives it a bound more; else None.
    """

    name: str
    knows: str
    lr: Floats
    weights: Floats | None = None


def candidates(norms: Floats, radius: float, warmup: float) -> list[Candidate]:
    """Every schedule that is fixed before the run.

    Those that end at 0 get the last learning rate that is best for "last-2", on which theta_T does not depend; those
    of practice also the scale.

    Args:
        norms: G_t of a run before; (T,).
        radius: R = ||theta_1 - theta*||.
        warmup: length of the warm-up of practice's schedules, as a share of the run.

    Source: see ``lrwd.theory.formulas.norm_schedules`` and ``optimal_tail``.
    """
    num_steps = len(norms)
    inverse, constant = derived.inverse_square(norms, radius), derived.constant_for_average(norms, radius)

    def ended(lr: Floats) -> Floats:
        return with_best_final(lr, norms, radius)

    found = [
        Candidate(CONSTANT_AVERAGE, WHOLE, constant),
        Candidate(ADAGRAD, PAST, derived.adagrad_norm(norms, radius)),
        Candidate(INVERSE, WHOLE, inverse),
        Candidate(INVERSE_CAUSAL, PAST, derived.inverse_square_causal(norms, radius)),
        Candidate(CONSTANT_LAST, WHOLE, derived.constant_for_last(norms, radius)),
        Candidate(LAST_CAUSAL, PAST, derived.last_iterate_causal(norms, radius, num_steps)),
        Candidate(OPTIMUM, WHOLE, optimal_tail(norms, radius)[0]),
        Candidate(GUESS, WHOLE, ended(derived.from_weights(inverse)), inverse),
        Candidate(GUESS_CAUSAL, PAST, ended(derived.warmup_decay_causal(norms, radius, num_steps))),
        Candidate(LINEAR, SCALE, ended(derived.from_weights(constant)), constant),
    ]
    for name, shape in practice(num_steps, warmup).items():
        found.append(Candidate(name, SCALE, best_of_shape(shape, norms, radius)[0]))
    return found


def practice(num_steps: int, warmup: float) -> dict[str, Floats]:
    """Shares of the peak learning rate under the schedules of practice; (T,)."""
    shapes = {}
    for name, file in PRACTICE.items():
        part = registry.part("schedules", file)
        config = registry.build_config(part, {"warmup_epochs": warmup}, f"the warm-up of {name}")
        # One epoch of all steps, so that epochs are shares of the run.
        training = part.Training(lr=1.0, wd=0.0, num_steps=num_steps, steps_per_epoch=num_steps, base_trace=None)
        shapes[name] = part.lr_factors(config, training)
    return shapes


def own_norms(radius: float, num_steps: int) -> Mapping[str, Callable[[Floats], Floats]]:
    """The causal forms on a run's own norms so far, (..., t) -> (..., t), as they would be used in practice."""
    return {
        ADAGRAD + OWN: lambda norms: derived.adagrad_norm(norms, radius),
        INVERSE_CAUSAL + OWN: lambda norms: derived.inverse_square_causal(norms, radius),
        LAST_CAUSAL + OWN: lambda norms: derived.last_iterate_causal(norms, radius, num_steps),
        GUESS_CAUSAL + OWN: lambda norms: derived.warmup_decay_causal(norms, radius, num_steps),
    }
