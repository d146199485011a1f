"""Logs other autopilots wrote, as numpy structured arrays."""
