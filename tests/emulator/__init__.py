"""The firmware's machine code in an emulated ATmega328P; see host.c."""
