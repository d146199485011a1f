"""Gains: how good they are, and better ones."""
