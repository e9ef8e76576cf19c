"""The list that allocations take cells from: nothing is taken twice, nothing is lost."""

import os
import threading
import time
from pathlib import Path

import pytest

from lrwd.cluster.board import DEAD_SEC, Board, key_of


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board.at(str(tmp_path))


def test_every_cell_is_taken_once(board: Board) -> None:
    """Eight allocations at once, 200 cells."""
    for number in range(200):
        board.post(f"cell{number:03}", {"number": number})
    taken: list[tuple[str, int]] = []

    def serve(name: str) -> None:
        while found := board.claim(name):
            taken.append((found[0], found[1]["number"]))

    threads = [threading.Thread(target=serve, args=(f"{name}-1",)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [(f"cell{number:03}", number) for number in range(200)]
    assert board.waiting() == []
    assert len(board.running()) == 200
    assert len(set(board.running().values())) > 1


def test_a_cell_s_way(board: Board) -> None:
    key = key_of("results/runs/digits/vit/short/lr1e+30_wd0.1_seed0.json")
    board.post(key, {"job": 1})
    assert board.claim("7-1") == (key, {"job": 1})
    assert board.running() == {key: "7-1"}
    board.give_back(key, "7-1")
    assert board.waiting() == [key]
    assert board.claim("8-1") == (key, {"job": 1})
    board.give_back(key, "7-1")  # it has it no more
    assert board.running() == {key: "8-1"}
    board.finish(key, "8-1", {"status": "0"})
    assert (board.waiting(), board.running()) == ([], {})
    assert list(board.answers()) == [(key, {"status": "0"})]
    assert list(board.answers()) == []


def test_what_is_withdrawn_stops(board: Board) -> None:
    board.post("a", {})
    board.withdraw("a")
    assert board.claim("7-1") is None
    board.post("a", {})
    board.claim("7-1")
    assert board.is_wanted("a", "7-1")
    board.withdraw("a")
    assert not board.is_wanted("a", "7-1")
    board.give_back("a", "7-1")
    assert board.waiting() == []


def test_who_signs_off_leaves_nothing(board: Board) -> None:
    board.sign_on("7-1", {"job": "7"})
    board.sign_on("8-1", {"job": "8"})
    for key, allocation in (("a", "7-1"), ("b", "8-1")):
        board.post(key, {})
        board.claim(allocation)
    board.sign_off("7-1")
    assert board.waiting() == ["a"]
    assert board.running() == {"b": "8-1"}
    assert board.allocations().keys() == {"8-1"}


def test_signs_of_life(board: Board) -> None:
    assert not board.is_pool_alive()
    board.beat()
    assert board.is_pool_alive()
    board.sign_on("7-1", {"job": "7"})
    old = time.time() - DEAD_SEC - 5
    for path in (board.folder / "pool.json", board.folder / "allocations/7-1.json"):
        os.utime(path, (old, old))
    assert not board.is_pool_alive()
    assert board.allocations()["7-1"]["silent_sec"] > DEAD_SEC
    board.beat("7-1")
    assert board.allocations()["7-1"]["silent_sec"] < DEAD_SEC
