"""Attitude alone, without position: `filter` for the recordings of anyone, `mahony` and `madgwick` for teaching; none flies."""
