"""The check of single motors: spin one, feel how the vehicle answers."""
