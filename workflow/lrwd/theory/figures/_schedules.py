"""How the schedules of post 003 look in every figure."""

from lrwd.figures._style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from lrwd.theory.tables import _norm_schedules as names

# Name -> (colour, width). What others come close to is a wide, pale line below them, so that both are seen.
LOOKS = {
    names.CONSTANT_AVERAGE: (BLUE, 1.4),
    names.ADAGRAD: (VERMILLION, 1.2),
    names.INVERSE: ("#A8DDC9", 3.6),
    names.INVERSE_CAUSAL: (GREEN, 0.9),
    names.CONSTANT_LAST: ("#E3BFD3", 3.6),
    names.LAST_CAUSAL: (PURPLE, 1.2),
    names.OPTIMUM: ("#BDBDBD", 4.5),
    names.GUESS: (VERMILLION, 0.9),
    names.GUESS_CAUSAL: (BLUE, 0.9),
    names.LINEAR: (GREY, 1.3),
    names.WARM_COSINE: (ORANGE, 1.3),
    names.WARM_LINEAR: (SKY, 1.3),
}
