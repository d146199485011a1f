"""A campaign's report as one web page that needs nothing else."""

from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from ground.campaign.campaign import Flown
from ground.campaign.figures import EXPECTED, GROUPS, grid
from ground.campaign.markdown import TITLES
from ground.campaign.outcome import ABOUT, BAD, OUTCOMES

STYLE = Path(__file__).with_name("page.css")
# How dark a cell of the table gets, and the share of bad flights at which it is.
DARKEST, FULL_SHARE = 0.85, 0.5
FILTER = """
const box = document.getElementById("filter"), rows = [...document.querySelectorAll("#worst tbody tr")];
box.addEventListener("input", () => { const words = box.value.toLowerCase().split(" ");
  for (const row of rows) row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word)); });
"""


def page(flown: Flown, figures: dict[str, Any]) -> str:
    """Return the whole page."""
    name = escape(figures["campaign"])
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Campaign {name}</title>",
        "<meta name=viewport content='width=device-width'>",
        f"<style>{STYLE.read_text()}</style>",
        f"<h1>Campaign {name}</h1><p class=faint>{escape(figures['about'])}, seed {figures['seed']}, "
        f"program {figures['program']}</p>",
        tiles(figures),
        "<h2>How the flights ended</h2>",
        key(),
        counts_table({TITLES[group]: counts for group, counts in figures["groups"].items()}),
        "<h2>How hard they hit the ground</h2>",
        impact_table(figures["impacts"]),
        "<h2>Every fault in every phase</h2>",
        "<p>Flights that ended badly, of all flights; point at a cell to see how they ended.</p>",
        fault_table(flown),
        "<h2>Vehicles and winds</h2><p>Flights with one fault or none.</p>",
        counts_table(figures["vehicles"]),
        "<p></p>",
        counts_table(figures["winds"]),
        f"<h2>Failsafes raised</h2><p>{failsafes(figures)}</p>",
        "<h2>Every flight that ended badly</h2>",
        "<input id=filter placeholder='filter: crash single gps' aria-label=filter>",
        worst_table(figures["worst"]),
        f"<script>{FILTER}</script></html>",
    ]
    return "\n".join(parts) + "\n"


def tiles(figures: dict[str, Any]) -> str:
    """Return the few numbers to look at first."""
    expected = sum(sum(figures["groups"].get(group, {}).values()) for group in EXPECTED)
    shown = [
        ("", f"{figures['flights']:,}", f"flights of {figures['planned']:,} planned"),
        ("", f"{figures['simulated_s'] / 3600.0:,.0f} h", "simulated"),
        (
            "bad" if figures["bad"] else "",
            f"{figures['bad']:,}",
            f"ended badly of {expected:,} with one fault or none",
        ),
        ("", f"{figures['crashed']:,}", "crashed or tipped over in all"),
        ("", f"{figures['still_armed']:,}", "ended with motors armed"),
        ("", f"{figures['not_reached']:,}", "never came to their fault's phase"),
    ]
    boxes = "".join(f"<div class='tile {kind}'><b>{number}</b>{text}</div>" for kind, number, text in shown)
    return f"<div class=tiles>{boxes}</div>"


def key() -> str:
    """Return what the colours mean."""
    lines = (
        f"<span><i style='background:var(--{o})'></i><b>{o}</b> {escape(ABOUT[o])}</span>" for o in OUTCOMES
    )
    return f"<div class=key>{''.join(lines)}</div>"


def counts_table(groups: dict[str, dict[str, int]]) -> str:
    """Return outcomes as numbers and bars."""
    heads = "".join(f"<th>{outcome}" for outcome in OUTCOMES)
    rows = []
    for name, counts in groups.items():
        cells = "".join(f"<td>{counts.get(outcome, '')}" for outcome in OUTCOMES)
        rows.append(f"<tr><td>{escape(name)}<td>{sum(counts.values())}{cells}<td>{bar(counts)}")
    return f"<div class=scroll><table><tr><th><th>flights{heads}<th>{''.join(rows)}</table></div>"


def bar(counts: dict[str, int]) -> str:
    """Return outcomes as one bar."""
    total = sum(counts.values())
    parts = (
        f"<i style='width:{100.0 * counts[o] / total:.2f}%;background:var(--{o})' title='{o}: {counts[o]}'></i>"
        for o in OUTCOMES
        if counts.get(o)
    )
    return f"<div class=bar>{''.join(parts)}</div>"


def impact_table(found: dict[str, Any]) -> str:
    """Return how hard the flights of each group hit the ground."""
    rows = []
    for group in GROUPS:
        told = found[group]
        if told["flights"]:
            cells = "".join(
                f"<td>{told[what]['median']:.1f}<td>{told[what]['p90']:.1f}<td>{told[what]['most']:.1f}"
                for what in ("speed_m_s", "tilt_deg")
            )
            rows.append(f"<tr><td>{TITLES[group]}<td>{told['flights']}{cells}")
    heads = "".join(
        f"<th>{name}" for name in ("m/s median", "90 %", "most", "tilt deg median", "90 %", "most")
    )
    return f"<div class=scroll><table><tr><th><th>crashes{heads}{''.join(rows)}</table></div>"


def fault_table(flown: Flown) -> str:
    """Return every fault in every phase, the darker the worse."""
    cells, phases = grid(flown), flown.campaign.phases
    rows = []
    for name in ("none", *(kind.name for kind in flown.campaign.kinds)):
        if any((name, phase) in cells for phase in phases):
            line = "".join(cell(cells.get((name, phase), Counter())) for phase in phases)
            rows.append(f"<tr><td>{escape(name)}{line}")
    heads = "".join(f"<th>{phase}" for phase in phases)
    return f"<div class=scroll><table class=grid><tr><th>fault{heads}{''.join(rows)}</table></div>"


def cell(counts: Counter[str]) -> str:
    """Return one fault in one phase."""
    bad, total = sum(counts[outcome] for outcome in BAD), sum(counts.values())
    if not total:
        return "<td>"
    told = ", ".join(f"{outcome} {counts[outcome]}" for outcome in OUTCOMES if counts[outcome])
    dark = DARKEST * min(1.0, bad / total / FULL_SHARE)
    style = f" style='background:rgba(190,45,50,{dark:.2f})'" if bad else " class=faint"
    return f"<td{style} title='{told}'>{bad}/{total}"


def failsafes(figures: dict[str, Any]) -> str:
    """Return how many flights raised which failsafe."""
    told = (f"{escape(name.replace('_', ' '))} {count}" for name, count in figures["failsafes"].items())
    return ", ".join(told) or "None."


def worst_table(told: list[dict[str, Any]]) -> str:
    """Return every flight that ended badly, with its log and how to fly it again."""
    heads = "<th>flight<th><th>m/s<th>tilt deg<th class=text>what befell it<th class=text>fly it again"
    rows = "".join(worst_row(bad) for bad in told)
    return f"<div class=scroll><table id=worst><thead><tr>{heads}</thead><tbody>{rows}</tbody></table></div>"


def worst_row(bad: dict[str, Any]) -> str:
    """Return one flight that ended badly."""
    log = f" <a href='{escape(bad['log'])}'>log</a>" if bad["log"] else ""
    return (
        f"<tr><td>{escape(bad['airframe'])}<br><span class=faint>{bad['seed']}</span>{log}"
        f"<td class=text><span class=tag style='background:var(--{bad['outcome']})'>{bad['outcome']}</span>"
        f"<br><span class=faint>{TITLES[bad['group']]}</span>"
        f"<td>{bad['impact_m_s']:.1f}<td>{bad['impact_tilt_deg']:.0f}"
        f"<td class=wide>{escape(bad['reason'])}<td class=wide><code>{escape(bad['replay'])}</code>"
    )
