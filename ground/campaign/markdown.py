"""A campaign's tables as a page of the documentation."""

from collections import Counter
from typing import Any

from ground.campaign.campaign import Flown
from ground.campaign.figures import EXPECTED, GROUPS, grid
from ground.campaign.outcome import ABOUT, BAD, OUTCOMES

TITLES = {
    "none": "no fault",
    "single": "one fault",
    "double": "two faults",
    "motor": "a dead motor",
    "attitude": "no attitude (gyro or IMU gone)",
}
MOST_SHOWN = 40


def page(flown: Flown, figures: dict[str, Any]) -> str:
    """Return the whole page."""
    command = (
        f"quadloop campaign {figures['campaign']} --flights {figures['planned']} --seed {figures['seed']}"
    )
    parts = [
        "# Safety campaign",
        f"Written by `{command} --page docs/safety_campaign.md`; do not edit. How to read and repeat it: "
        "[campaigns](campaigns.md).",
        summary(figures),
        "## Outcomes",
        "\n".join(f"- **{name}**: {ABOUT[name]}" for name in OUTCOMES),
        table(
            ("faults", "flights", *OUTCOMES), [count_row(TITLES[g], c) for g, c in figures["groups"].items()]
        ),
        "## Impacts",
        "Speed and tilt just before the ground, of the flights that crashed or tipped over.",
        impact_table(figures["impacts"]),
        "## Every fault in every phase",
        "Flights that ended badly (outside the fence, flown away, tipped over, crashed) of all flights.",
        fault_table(flown),
        "## Vehicles and winds",
        "Flights with one fault or none.",
        table(("vehicle", "flights", *OUTCOMES), [count_row(v, c) for v, c in figures["vehicles"].items()]),
        table(("wind", "flights", *OUTCOMES), [count_row(w, c) for w, c in figures["winds"].items()]),
        "## What ended badly with one fault or none",
        worst_list(figures),
    ]
    return "\n\n".join(parts) + "\n"


def summary(figures: dict[str, Any]) -> str:
    """Return the campaign in a paragraph."""
    expected = sum(sum(figures["groups"].get(group, {}).values()) for group in EXPECTED)
    return (
        f"{figures['flights']} flights of {figures['planned']} planned, {figures['simulated_s'] / 3600.0:.0f} hours "
        f"simulated, program {figures['program']} (a digest of its sources). "
        f"Of the {expected} with one fault or none, {figures['bad']} ended badly. In "
        f"{figures['not_reached']} flights the phase of the fault was not reached. "
        f"{figures['still_armed']} ended with motors armed."
    )


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def count_row(name: str, counts: dict[str, int]) -> tuple[str, ...]:
    """Return one line of outcomes."""
    return (name, str(sum(counts.values())), *(str(counts.get(outcome, 0)) for outcome in OUTCOMES))


def impact_table(found: dict[str, Any]) -> str:
    """Return how hard the flights of each group hit the ground."""
    rows = []
    for group in GROUPS:
        told = found[group]
        if told["flights"]:
            speed, tilt = told["speed_m_s"], told["tilt_deg"]
            shown = [
                f"{part['median']:.1f} / {part['p90']:.1f} / {part['most']:.1f}" for part in (speed, tilt)
            ]
            rows.append((TITLES[group], str(told["flights"]), *shown))
    return table(("faults", "crashes", "m/s: median / 90 % / most", "tilt deg"), rows)


def fault_table(flown: Flown) -> str:
    """Return bad of all flights for every fault and phase."""
    cells, phases = grid(flown), flown.campaign.phases
    names = ["none", *(kind.name for kind in flown.campaign.kinds)]
    rows = [
        (f"`{name}`", *(share(cells.get((name, phase), Counter())) for phase in phases))
        for name in names
        if any((name, phase) in cells for phase in phases)
    ]
    return table(("fault", *phases), rows)


def share(counts: Counter[str]) -> str:
    """Return bad of all, bold when there are any."""
    bad, total = sum(counts[outcome] for outcome in BAD), sum(counts.values())
    if not total:
        return ""
    return f"**{bad}**/{total}" if bad else f"0/{total}"


def worst_list(figures: dict[str, Any]) -> str:
    """Return the bad flights that were expected to end well, with how to fly them again."""
    told = [bad for bad in figures["worst"] if bad["group"] in EXPECTED]
    if not told:
        return "None."
    lines = [f"- {bad['airframe']}: {bad['reason']}\n  `{bad['replay']}`" for bad in told[:MOST_SHOWN]]
    left = len(told) - MOST_SHOWN
    return "\n".join(lines + ([f"- and {left} more in `report.json`"] if left > 0 else []))
