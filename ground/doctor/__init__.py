"""The examination of a real vehicle before it flies."""
