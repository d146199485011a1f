"""Sensors, receivers and motor outputs straight on a Raspberry Pi: one chip or protocol per file."""
