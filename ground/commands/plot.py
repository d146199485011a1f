"""`quadloop plot`: draw a flight."""

from argparse import ArgumentParser, Namespace

from ground import options, terminal

ABOUT = "draw a flight as a PNG and as one self-contained HTML page"
EXAMPLE = "quadloop plot flight.ulg --out pictures/flight.png"


def add_arguments(parser: ArgumentParser) -> None:
    """Take a log and where to put the pictures."""
    parser.add_argument("log", metavar="LOG", help="a log of any autopilot, as in `quadloop log`")
    parser.add_argument("--out", metavar="PATH", help="a folder, or the PNG (default beside the log)")
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Draw the flight and say where the pictures are."""
    from logs.contents import viewed
    from logs.plot import plot
    from logs.sources import open_log

    terminal.note("drawing")
    with viewed(open_log(arguments.log)) as log:
        picture, report = plot(log, arguments.out)
    if arguments.json:
        terminal.tell_json({"picture": str(picture), "report": str(report)})
    else:
        terminal.tell(f"{picture}\n{report}")
    return 0
