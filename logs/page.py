"""The report of a flight as one web page: picture, figures, events and parameters, with nothing to fetch."""

import base64
from html import escape
from pathlib import Path

from logs.phases import Happening
from logs.ulog import CRITICAL, WARNING
from logs.view import View

STYLE = """
:root { --ink: #212529; --quiet: #868e96; --line: #e9ecef; --paper: #fff; --ground: #f8f9fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9ecef; --quiet: #adb5bd; --line: #373a40; --paper: #25262b; --ground: #1a1b1e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1500px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 2px; } h2 { font-size: 17px; margin: 30px 0 10px; }
.quiet { color: var(--quiet); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 10px; margin: 18px 0; }
.card, .sheet { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.card b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
.card span { color: var(--quiet); font-size: 12.5px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 20px; align-items: start; }
.sheet { max-height: 480px; overflow: auto; padding: 0; }
img { width: 100%; height: auto; border-radius: 10px; border: 1px solid var(--line); background: #fff; display: block; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { position: sticky; top: 0; background: var(--paper); font-size: 12.5px; color: var(--quiet); font-weight: 600; }
td.number { text-align: right; white-space: nowrap; }
tr.warning td { color: #e67700; } tr.alarm td { color: #e03131; font-weight: 600; }
"""
# Unit suffixes of names, longest first, as a person writes them.
UNITS = (
    ("_m_s2", "m/s²"),
    ("_deg_s", "°/s"),
    ("_m_s", "m/s"),
    ("_deg", "°"),
    ("_wh", "Wh"),
    ("_ah", "Ah"),
    ("_s", "s"),
    ("_m", "m"),
    ("_v", "V"),
    ("_a", "A"),
)


def write_page(view: View, figures: dict[str, float], picture: Path, report: Path) -> None:
    """Write the report; it holds the picture's bytes itself."""
    log = view.series.log
    image = base64.b64encode(picture.read_bytes()).decode()
    parts = [
        f"<h1>{escape(log.path.name)}</h1>",
        f"<p class=quiet>{escape(about(view))}</p>",
        f"<div class=cards>{''.join(card(name, value) for name, value in figures.items())}</div>",
        f'<img alt="Plots of the flight over time" src="data:image/png;base64,{image}">',
        f"<div class=columns><section><h2>Events</h2>{events_table(view.happenings)}</section>",
        f"<section><h2>Parameters that differ from their defaults</h2>{parameter_table(view)}</section>",
        f"<section><h2>Topics</h2>{topic_table(view)}</section></div>",
    ]
    title = f"<title>{escape(log.path.name)}</title>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{title}<style>{STYLE}</style>'
    body = "\n".join(parts)
    report.write_text(
        f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'
    )


def about(view: View) -> str:
    """Return one line on where the log comes from."""
    log = view.series.log
    facts = [
        f"{log.info.get('sys_name', 'unknown')} {log.info.get('ver_hw', '')}".strip(),
        f"code {log.info.get('ver_sw', 'unknown')}",
        f"{len(log.data) / 1e6:.1f} MB",
    ]
    if "quadloop_seed" in log.info:
        facts.append(f"seed {log.info['quadloop_seed']}")
    if log.dropouts:
        facts.append(f"{len(log.dropouts)} dropouts, {sum(ms for _, ms in log.dropouts) / 1000:.1f} s")
    return "  ·  ".join(facts + log.damage)


def titled(name: str) -> tuple[str, str]:
    """Return a figure's name and unit as a person writes them."""
    for suffix, unit in UNITS:
        if name.endswith(suffix):
            return name.removesuffix(suffix).replace("_", " "), unit
    return name.replace("_", " "), ""


def card(name: str, value: float) -> str:
    """Return one figure as a card."""
    title, unit = titled(name)
    return f"<div class=card><b>{number(value)} {escape(unit)}</b><span>{escape(title)}</span></div>"


def number(value: float) -> str:
    """Return a number with about four digits."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def table(heads: tuple[str, ...], rows: list[str], nothing: str) -> str:
    """Return a table in a sheet that scrolls, or a line that says there is nothing."""
    if not rows:
        return f"<p class=quiet>{escape(nothing)}</p>"
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    return f"<div class=sheet><table><tr>{head}</tr>{''.join(rows)}</table></div>"


def events_table(happenings: list[Happening]) -> str:
    """Return what happened when."""
    rows = []
    for h in happenings:
        look = (
            " class=alarm" if h.severity <= CRITICAL else (" class=warning" if h.severity <= WARNING else "")
        )
        rows.append(f"<tr{look}><td class=number>{h.t_s:.2f} s</td><td>{escape(h.text)}</td></tr>")
    return table(("time", "event"), rows, "none were logged")


def parameter_table(view: View) -> str:
    """Return parameters whose value is not the default, with the default beside it."""
    log = view.series.log
    rows = [
        f"<tr><td>{escape(name)}</td><td class=number>{value:.6g}</td>"
        f"<td class=number>{log.default_parameters[name]:.6g}</td></tr>"
        for name, value in sorted(log.parameters.items())
        if name in log.default_parameters and value != log.default_parameters[name]
    ]
    return table(("parameter", "value", "default"), rows, "none, as far as the log tells")


def topic_table(view: View) -> str:
    """Return the topics with their number of rows and rate."""
    log, rows = view.series.log, []
    for name in sorted(log):
        count = len(log[name])
        rate = count / view.series.duration_s if view.series.duration_s > 0.0 else 0.0
        rows.append(
            f"<tr><td>{escape(name)}</td><td class=number>{count}</td><td class=number>{rate:.1f} Hz</td></tr>"
        )
    return table(("topic", "rows", "mean rate"), rows, "none")
