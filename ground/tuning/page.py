"""The report of a tuning: one page of HTML with its pictures beside it."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from ground.tuning import plots, trials
from ground.tuning.report import Proof, sensitivities

STYLE = (
    "body{font:15px sans-serif;max-width:75em;margin:2em auto} td,th{padding:.15em .8em;text-align:right} "
)
STYLE += "td:first-child{text-align:left} img{max-width:100%} .bad{color:#b00}"


def write(proof: Proof, folder: Path) -> Path:
    """Write pictures and a page; return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    path.write_text(page(proof, folder))
    return path


def page(proof: Proof, folder: Path) -> str:
    """Draw the pictures into a folder and return the page that shows them."""
    name = escape(proof.done.airframe.name)
    pictures = [draw_trials(proof, folder / "trials.png"), draw_cloud(proof, folder / "cloud.png")]
    pictures += [draw(proof.nominal.f_hz, proof.nominal.loops, folder / f"{kind}.png")
                 for kind, draw in (("bode", plots.bode), ("nyquist", plots.nyquist))]  # fmt: skip
    turned = [
        (i, f"{v:.4g}", f"{100 * (m - 1):+.0f} %", f"{100 * (n - 1):+.0f} %")
        for i, v, m, n in sensitivities(proof.done)
    ]
    parts = [
        f"<!doctype html><meta charset=utf-8><title>{name}</title><style>{STYLE}</style><h1>Tuning of {name}</h1>",
        f"<p>{escape(proof.remark())}</p>",
        "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in proof.advice()) + "</ul>",
        "<h2>Margins</h2>"
        + table(("loop", "phase deg", "gain dB", "Ms", "worst phase", "gain", "Ms"), margin_rows(proof)),
        "<h2>Gains</h2>" + table(("gain", "before", "after"), gain_rows(proof)),
        "<h2>Trial flights, before and after, over the plants</h2>",
        *(f'<img src="{picture.name}">' for picture in pictures),
        "<h2>Sensitivity: change of the worst Ms when a gain is a fifth more, or less</h2>",
        table(("gain", "value", "more", "less"), turned),
    ]
    return "\n".join(parts)


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def margin_rows(proof: Proof) -> list[tuple[str, ...]]:
    """Return a line per loop."""
    worst = proof.worst()
    return [(name, *three(loop), *three(worst[name])) for name, loop in proof.nominal.figures().items()]


def three(loop: dict[str, Any]) -> tuple[str, ...]:
    """Return the margins that are asked for."""
    return f"{loop['phase_margin_deg']:.0f}", f"{loop['gain_margin_db']:.1f}", f"{loop['ms']:.2f}"


def gain_rows(proof: Proof) -> list[tuple[str, ...]]:
    """Return a line per gain."""
    return [(n, f"{proof.done.before[n]:.4g}", f"{v:.4g}") for n, v in proof.chosen().items()]


def draw_trials(proof: Proof, path: Path) -> Path:
    """Draw roll steps and gusts of every plant that flew, before and after."""
    figure, axes = plt.subplots(2, 2, figsize=(14, 8), sharex="col", sharey="col", layout="constrained")
    for row, (word, flown) in enumerate((("before", proof.before), ("after", proof.after))):
        many(axes[row, 0], flown.step_t_s, flown.step)
        many(axes[row, 1], flown.gust_t_s, flown.gust)
        axes[row, 0].set(title=f"step of 20 deg roll, {word}", ylabel="share of the step", ylim=(-0.1, 1.6))
        axes[row, 1].set(
            title=f"wind from 0 to {trials.GUST_M_S:g} m/s, {word}", ylabel="m away", ylim=(0.0, 2.0)
        )
        axes[row, 0].axhline(1.0, color="0.5", lw=0.8)
    axes[1, 0].set(xlabel="s")
    axes[1, 1].set(xlabel="s")
    return plots.saved(figure, path)


def many(axis: plt.Axes, t_s: np.ndarray, curves: np.ndarray) -> None:
    """Draw the plants thinly and the vehicle as told over them."""
    axis.plot(t_s, curves[1:].T, color="tab:blue", alpha=0.25, lw=0.7)
    axis.plot(t_s, curves[0], color="tab:red", lw=2.0, label="as told")
    axis.legend()


def draw_cloud(proof: Proof, path: Path) -> Path:
    """Draw phase and gain margin of every loop of every plant."""
    figure, axes = plt.subplots(1, len(plots.KINDS), figsize=(18, 5), layout="constrained")
    for axis, kind in zip(axes, plots.KINDS, strict=True):
        for name, kept in proof.cloud.items():
            if name.startswith(kind):
                axis.plot(kept.gain_margin_db.ravel(), kept.phase_margin_deg.ravel(), ".", ms=3, label=name)
        axis.axvline(6.0, color="tab:red", lw=0.8)
        axis.axhline(40.0, color="tab:red", lw=0.8)
        axis.set(
            title=f"{kind} loops of every plant",
            xlabel="gain margin dB",
            ylabel="phase margin deg",
            xlim=(0, 40),
        )
        axis.legend()
    return plots.saved(figure, path)
