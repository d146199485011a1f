"""What a cross-validation says, as figures and as text."""

from dataclasses import asdict

import numpy as np

from ground import terminal
from ground.identification.crossing import Crossed, Missed

ERRORS = ("position_m", "velocity_m_s", "attitude_rad", "rate_rad_s")


def figures(found: Crossed, checked: list[Missed]) -> dict[str, object]:
    """Return numbers and errors after 1, 10 and 50 steps and summed over all."""
    numbers: dict[str, object] = {name: asdict(number) for name, number in found.numbers.items()}
    held = {one.name: errors_of(one.mean) for one in found.missed}
    held |= {"every window": errors_of(found.by_window()), "every flight": errors_of(found.by_flight())}
    return numbers | {"cross_validation": held, "checked": {one.name: errors_of(one.mean) for one in checked}}


def errors_of(mean: np.ndarray) -> dict[str, dict[str, float]]:
    """Return mean errors under their names."""
    marks = {"after_1": mean[0], "after_10": mean[9], "after_50": mean[-1], "sum": mean.sum(axis=0)}
    return {name: {mark: float(row[i]) for mark, row in marks.items()} for i, name in enumerate(ERRORS)}


def text(found: Crossed, checked: list[Missed]) -> str:
    """Return a line per number, and a line per flight that a model of others has predicted."""
    numbers = [
        (name, f"{n.value:.4g}", f"{n.low:.4g}", f"{n.high:.4g}", n.unit) for name, n in found.numbers.items()
    ]
    held = [(one.name, one.mean) for one in found.missed]
    held += [("every window", found.by_window()), ("every flight", found.by_flight())]
    held += [(f"{one.name} (checked)", one.mean) for one in checked]
    errors = [
        (name, *(f"{mean[-1, i]:.3f} / {mean[:, i].sum():.2f}" for i in range(4))) for name, mean in held
    ]
    heads = ("not fitted: after 50 steps / sum", "position m", "velocity m/s", "attitude rad", "rate rad/s")
    return f"{terminal.table(numbers, ('number', 'value', 'low', 'high', 'unit'))}\n\n{terminal.table(errors, heads)}"
