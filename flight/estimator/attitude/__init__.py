"""Attitude alone, without position: `filter` is the one that flies, `mahony` and `madgwick` are for teaching."""
