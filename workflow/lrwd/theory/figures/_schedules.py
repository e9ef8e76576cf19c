"""How the schedules of post 003 look in every figure."""

from lrwd.figures._style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION
from lrwd.theory.tables import _norm_schedules as names

# Name -> (colour, line style). Schedules derived from one bound share a colour; causal forms are dashed.
LOOKS = {
    names.CONSTANT_AVERAGE: (BLUE, "-"),
    names.ADAGRAD: (BLUE, "--"),
    names.INVERSE: (GREEN, "-"),
    names.INVERSE_CAUSAL: (GREEN, "--"),
    names.CONSTANT_LAST: (PURPLE, "-"),
    names.LAST_CAUSAL: (PURPLE, "--"),
    names.OPTIMUM: (INK, "-"),
    names.GUESS: (VERMILLION, "-"),
    names.GUESS_CAUSAL: (VERMILLION, "--"),
    names.LINEAR: (GREY, "-"),
    names.WARM_COSINE: (ORANGE, "-"),
    names.WARM_LINEAR: (SKY, "-"),
}
