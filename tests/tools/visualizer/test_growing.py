"""The array that grows: what it keeps, what it forgets, how much room it takes."""

import numpy as np

from hearth.tools.visualizer.analysis.growing import Growing


def test_what_was_forgotten_is_gone_and_the_rest_keeps_its_number() -> None:
    chance = np.random.default_rng(1)
    array, all_rows, read = Growing((2,), np.float32, fill=-1), np.empty((0, 2), np.float32), 0
    for _ in range(200):
        rows = chance.standard_normal((int(chance.integers(1, 40)), 2)).astype(np.float32)
        array.append(rows)
        all_rows = np.concatenate([all_rows, rows])
        assert len(array) == len(all_rows)
        assert np.array_equal(array.part(read, len(array)), all_rows[read:])
        read = int(chance.integers(read, len(array)))
        array.forget(read)
        assert np.array_equal(array.part(read, read + 7), all_rows[read : read + 7])
    array.extend_to(len(array) + 50)
    assert np.all(array.part(len(all_rows), len(array)) == -1), "new rows hold the fill value, also in room used before"
    assert array._room.nbytes < all_rows.nbytes / 5


def test_reserved_room_is_kept_and_may_be_outgrown() -> None:
    array = Growing((), np.int16)
    array.reserve(100)
    room = array._room
    array.append(np.arange(100, dtype=np.int16))
    assert array._room is room and len(array) == 100
    array.append(np.arange(3, dtype=np.int16))
    assert array.rows.tolist() == [*range(100), 0, 1, 2]
