"""Marker of simulations that take minutes; the fast tests of the simulators themselves have none."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: simulations of minutes (deselect with -m 'not slow')")
