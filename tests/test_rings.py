"""Records cross between processes whole and in order; what was lost is counted."""

import multiprocessing

import numpy as np

from flight.record import INTEGER, record, rows
from ground.rings import Reader, Ring

PAIR = record(number=INTEGER, square=("i8", 40))


def filled(number: int) -> np.recarray:
    """Return a record whose parts must agree."""
    row = rows(PAIR)
    row[0].number, row[0].square[:] = number, number * number
    return row


def write(ring: Ring, count: int) -> None:
    """Write so many records as fast as possible."""
    for number in range(count):
        ring.push(filled(number)[0])


def test_records_come_out_in_the_order_they_went_in_even_around_the_end():
    ring = Ring(PAIR, 4)
    reader = Reader(ring)

    seen = []
    for number in range(11):
        ring.push(filled(number)[0])
        if number % 3 == 2:
            seen += reader.drain().number.tolist()

    assert seen == list(range(9))
    assert reader.drain(1).number.tolist() == [9]
    assert reader.waiting == 1
    assert reader.missed == 0
    ring.close()


def test_a_slow_reader_is_told_how_much_it_missed():
    ring = Ring(PAIR, 8)
    reader = Reader(ring)

    write(ring, 21)

    assert reader.drain().number.tolist() == list(range(13, 21))
    assert reader.missed == 13
    ring.close()


def test_the_newest_record_needs_no_other():
    ring = Ring(PAIR, 4)
    reader = Reader(ring, from_start=True)

    nothing = reader.newest()
    write(ring, 9)

    assert nothing is None
    assert reader.newest()[0].number == 8
    assert reader.waiting == 0
    ring.close()


def test_a_record_torn_by_a_dying_writer_is_not_believed():
    ring = Ring(PAIR, 4)
    reader = Reader(ring)
    write(ring, 3)

    # The writer dies in the middle of its next record, over the oldest.
    ring.numbers[3] = -1
    ring.head[0] = 4

    assert reader.drain().number.tolist() == []
    assert reader.missed == 4
    ring.push(filled(4)[0])
    assert reader.drain().number.tolist() == [4]
    ring.close()


def test_parts_can_be_written_one_by_one():
    ring = Ring(PAIR, 4)
    reader = Reader(ring)

    ring.push(7, np.full(40, 49))

    assert reader.drain()[0].square[39] == 49
    ring.close()


def test_two_processes_lose_nothing_but_what_they_count():
    ring = Ring(PAIR, 64)
    count = 20_000
    writer = multiprocessing.get_context("fork").Process(target=write, args=(ring, count))
    reader = Reader(ring)

    writer.start()
    seen, broken = [], 0
    while reader.seen < count:
        found = reader.drain()
        broken += int(np.sum(found.square != found.number[:, None] ** 2))
        seen += found.number.tolist()
    writer.join()

    assert broken == 0
    assert seen == sorted(set(seen))
    assert len(seen) + reader.missed == count
    ring.close()


def test_another_process_finds_a_ring_by_its_name():
    ring = Ring(PAIR, 4)
    write(ring, 2)

    other = Ring(PAIR, 4, ring.name)

    assert Reader(other, from_start=True).drain().number.tolist() == [0, 1]
    other.close()
    ring.close()
