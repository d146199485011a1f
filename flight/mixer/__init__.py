"""From collective and torque to one throttle per rotor."""
