"""Read a flight log's topics as arrays: how far was the vehicle from its setpoint? `read_a_log.py LOG`"""

import sys

import numpy as np

from logs.rebuilding import rebuild


def main(path: str) -> None:
    commands = rebuild(path).commands
    flying = commands.status.is_landed == 0
    error = commands.estimate.p_ned[flying] - commands.setpoint.p_sp_ned[flying]
    print(f"{len(commands)} ticks, {flying.sum()} in the air")
    print(f"estimate against setpoint: {np.sqrt((error**2).sum(axis=1).mean()):.3f} m RMS")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("which log? usage: read_a_log.py LOG, as in logs/flights/NAME.ulg")
    main(sys.argv[1])
