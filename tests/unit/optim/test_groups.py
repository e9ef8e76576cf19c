"""Which parameters decay."""

import pytest
from networks import WD, decaying, network

from lrwd.errors import ConfigError
from lrwd.optim._groups import decay_groups


@pytest.mark.parametrize("wd", [0.0, 0.3])
def test_the_flag_does_not_depend_on_the_decay(wd: float) -> None:
    # The record measures the weights of the groups that decay, with wd = 0 too.
    model = network("vit")
    (everything,) = decay_groups(model, wd, "all")
    assert (everything["decays"], everything["weight_decay"]) == (True, wd)
    others, matrices = decay_groups(model, wd, "matrices")
    assert (others["decays"], matrices["decays"]) == (False, True)
    assert (others["weight_decay"], matrices["weight_decay"]) == (0.0, wd)
    ids = {id(param): name for name, param in model.named_parameters()}
    assert {ids[id(param)] for param in matrices["params"]} == decaying(model, "matrices")
    assert {"cls_token", "pos_embed", "head.bias", "norm.weight"} <= {ids[id(param)] for param in others["params"]}


def test_another_decay_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"decay: 'biases' is not allowed. Allowed: all, matrices"):
        decay_groups(network("vit"), WD, "biases")
