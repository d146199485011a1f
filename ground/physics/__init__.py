"""The simulator as the physics of somebody else's autopilot."""
