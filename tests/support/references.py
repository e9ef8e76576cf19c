"""Optimizers as their sources print them, in numpy: readable, slow, float64, one parameter at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# A step: (parameter, gradient, what it remembers, lr, wd, t counted from 1, its knobs) -> the new parameter.
Step = Callable[[Array, Array, dict[str, Array], float, float, int, dict[str, Any]], Array]


def rms(x: Array) -> float:
    return float(np.sqrt((x**2).mean()))


def average(memory: dict[str, Array], name: str, beta: float, new: Array) -> Array:
    """An exponential moving average that starts at 0."""
    memory[name] = beta * memory.get(name, np.zeros_like(new)) + (1 - beta) * new
    return memory[name]


def adam_direction(g: Array, memory: dict[str, Array], t: int, knobs: dict[str, Any]) -> Array:
    beta1, beta2 = knobs["betas"]
    m_hat = average(memory, "m", beta1, g) / (1 - beta1**t)
    v_hat = average(memory, "v", beta2, g**2) / (1 - beta2**t)
    return m_hat / (np.sqrt(v_hat) + knobs["eps"])


def adamw(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    return p - lr * wd * p - lr * adam_direction(g, memory, t, knobs)


def adam_l2(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    return p - lr * adam_direction(g + wd * p, memory, t, knobs)


def heavy_ball(memory: dict[str, Array], momentum: float, g: Array) -> Array:
    memory["m"] = momentum * memory.get("m", np.zeros_like(g)) + g
    return memory["m"]


def sgd(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    return p - lr * wd * p - lr * heavy_ball(memory, knobs["momentum"], g)


def sgd_l2(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    return p - lr * heavy_ball(memory, knobs["momentum"], g + wd * p)


def rmsprop(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    return p - lr * wd * p - lr * g / (np.sqrt(average(memory, "v", knobs["beta"], g**2)) + knobs["eps"])


def signsgdm(
    p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]
) -> Array:
    return p - lr * wd * p - lr * np.sign(average(memory, "m", knobs["beta"], g))


def lion(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    beta1, beta2 = knobs["betas"]
    interpolated = beta1 * memory.get("m", np.zeros_like(g)) + (1 - beta1) * g
    average(memory, "m", beta2, g)
    return p - lr * (np.sign(interpolated) + wd * p)


def lamb(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    u = adam_direction(g, memory, t, knobs)
    decayed = p - lr * wd * p
    ratio = np.linalg.norm(decayed) / np.linalg.norm(u) if decayed.any() and u.any() else 1.0
    return decayed - lr * ratio * u


def adafactor(
    p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]
) -> Array:
    beta, least = 1 - t ** -knobs["decay_rate"], knobs["min_dim_size_to_factor"]
    square = g**2 + knobs["eps"]
    if p.ndim >= 2 and min(p.shape[:2]) > least:  # a matrix at every place of a kernel
        r = average(memory, "r", beta, square.mean(axis=1, keepdims=True))
        c = average(memory, "c", beta, square.mean(axis=0, keepdims=True))
        v = r * c / r.mean(axis=0, keepdims=True)
    else:
        v = average(memory, "v", beta, square)
    u = g / np.sqrt(v)
    return p - lr * wd * p - lr * u / max(1.0, rms(u) / knobs["clip_threshold"])


def newton_schulz(matrix: Array, num_steps: int) -> Array:
    """Towards U V' of a matrix U S V', with the coefficients of Jordan et al. (2024)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / np.linalg.norm(matrix)
    for _ in range(num_steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x


def muon(p: Array, g: Array, memory: dict[str, Array], lr: float, wd: float, t: int, knobs: dict[str, Any]) -> Array:
    rows, columns = p.shape[0], p.size // p.shape[0]
    if p.ndim < 2 or 1 in p.shape[:2] or min(rows, columns) < 4:
        return adamw(p, g, memory, lr, wd, t, knobs)
    momentum = average(memory, "m", knobs["momentum"], g).reshape(rows, columns)
    step = 0.2 * np.sqrt(max(rows, columns)) * newton_schulz(momentum, knobs["ns_steps"])
    return p - lr * wd * p - lr * step.reshape(p.shape)


REFERENCES: dict[str, tuple[Step, dict[str, Any]]] = {
    "adafactor": (
        adafactor,
        {"decay_rate": 0.7, "clip_threshold": 0.9, "eps": 1e-20, "min_dim_size_to_factor": 8},
    ),
    "adam_l2": (adam_l2, {"betas": [0.8, 0.95], "eps": 1e-6}),
    "adamw": (adamw, {"betas": [0.8, 0.95], "eps": 1e-6}),
    "lamb": (lamb, {"betas": [0.8, 0.95], "eps": 1e-5}),
    "lion": (lion, {"betas": [0.7, 0.95]}),
    "muon": (muon, {"momentum": 0.8, "ns_steps": 4, "betas": [0.7, 0.9], "eps": 1e-6}),
    "rmsprop": (rmsprop, {"beta": 0.8, "eps": 1e-5}),
    "sgd": (sgd, {"momentum": 0.7}),
    "sgd_l2": (sgd_l2, {"momentum": 0.7}),
    "signsgdm": (signsgdm, {"beta": 0.7}),
}
