"""Attitude alone, for recordings, not for flight: `filter`, and `mahony` and `madgwick` for teaching."""
