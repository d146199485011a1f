"""One file per command, each with ABOUT, EXAMPLE, add_arguments(parser) and run(arguments) -> exit code."""
