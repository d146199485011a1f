"""Fly twenty vehicles in turbulence with each of three gains and print how well each gain holds the place."""

from flight import airframe
from ground.missions.load import load
from ground.session import Conditions, fly_many

GAINS = (2.0, 3.0, 4.0)
SEEDS = list(range(1, 21))


def main() -> None:
    windy = Conditions(wind_m_s=5.0, turbulence="moderate")
    for gain in GAINS:
        vehicle = airframe.load("pi450")
        vehicle.set("VEL_XY_P", gain)
        figures = fly_many(vehicle, load("hover"), windy, SEEDS)
        error = figures["position_error_rms_m"]
        print(
            f"VEL_XY_P {gain:g}: {figures['landed']} of {len(SEEDS)} landed, {error['median']:.2f} m RMS in the median"
        )


if __name__ == "__main__":
    main()
