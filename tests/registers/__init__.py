"""Chips as their data sheets describe them: one model each, behind the emulated AVR as behind the Pi's buses."""
