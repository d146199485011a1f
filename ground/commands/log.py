"""`quadloop log info`: look inside a log."""

from argparse import ArgumentParser, Namespace

from ground import options, terminal

ABOUT = "look inside a log"
EXAMPLE = "quadloop log info flight.ulg"


def add_arguments(parser: ArgumentParser) -> None:
    """Take what to do with the log."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    telling = actions.add_parser("info", help="who flew, for how long, what happened, which topics there are")
    telling.add_argument("log", metavar="LOG", help="a ULog, ours or PX4's")
    options.add_json(telling)


def run(arguments: Namespace) -> int:
    """Tell what is in the log."""
    from logs.info import info, text

    facts = info(arguments.log)
    if arguments.json:
        terminal.tell_json(facts)
    else:
        terminal.tell(text(facts))
    return 0
