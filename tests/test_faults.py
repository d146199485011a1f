"""Faults as a person writes them."""

import pytest

from ground.faults import Fault, parse


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("motor2@12s", Fault("motor", 2, "", 0.0, 12.0, None)),
        ("motor2:0.5@12", Fault("motor", 2, "", 0.5, 12.0, None)),
        ("gps:dropout@20s-30s", Fault("gps", 0, "dropout", 0.0, 20.0, 30.0)),
        ("baro:bias=-2@15.5s", Fault("baro", 0, "bias", -2.0, 15.5, None)),
        ("gyro:noise=1e-2@1s-2s", Fault("gyro", 0, "noise", 0.01, 1.0, 2.0)),
    ],
)
def test_a_fault_reads_as_it_is_written(text, fault):
    assert parse(text) == fault
