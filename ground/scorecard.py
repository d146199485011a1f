"""A flight's figures as a person reads them."""

from typing import Any

from ground.terminal import table

SHOWN_EVENTS = 40


def text(figures: dict[str, Any]) -> str:
    """Return the scorecard of one flight."""
    attitude = figures["attitude_estimate_rms_deg"]
    rows = [
        ("flight", f"{verdict(figures)}, {figures['airframe']}, seed {figures['seed']}, {figures['sensors']} sensors"),
        ("arm to disarm", f"{figures['arm_to_disarm_s']:.1f} s"),
        ("simulated", f"{figures['duration_s']:.1f} s at {figures['real_time_factor']:.0f} times real time"),
        ("position against setpoint", f"{figures['position_error_rms_m']:.3f} m RMS, "
         f"{figures['position_error_max_m']:.3f} m at most"),
        ("GPS against truth", f"{figures['gps_error_rms_m']:.3f} m RMS over the same time"),
        ("altitude against setpoint", f"{figures['altitude_error_rms_m']:.3f} m RMS"),
        ("attitude estimate", "roll {:.2f}, pitch {:.2f}, yaw {:.2f} deg RMS".format(*attitude)),
        ("position estimate", "{:.2f} m horizontal, {:.2f} m vertical RMS".format(
            *figures["position_estimate_rms_m"])),
        ("velocity estimate", "{:.3f} m/s horizontal, {:.3f} m/s vertical RMS".format(
            *figures["velocity_estimate_rms_m_s"])),
        ("most", f"tilt {figures['tilt_max_deg']:.0f} deg, speed {figures['speed_max_m_s']:.1f} m/s, "
         f"height {figures['height_max_m']:.1f} m"),
        ("battery used", f"{figures['battery_used_wh']:.2f} Wh"),
        ("log", str(figures["log"])),
        ("picture", str(figures.get("picture") or "none")),
    ]  # fmt: skip
    return f"{events_text(figures['events'])}\n{table(rows, ('scorecard', '(truth, airborne)'))}"


def verdict(figures: dict[str, Any]) -> str:
    """Return how the flight ended, in capitals when not well."""
    if figures["refusals"]:
        return f"DID NOT ARM ({', '.join(figures['refusals'])})"
    return "landed" if figures["landed"] else "CRASHED" if figures["crashed"] else "DID NOT LAND"


def events_text(events: list[dict[str, Any]]) -> str:
    """Return the flight's events, a line each."""
    lines = [f"{event['t_s']:8.2f} s  {event['text']}" for event in events[:SHOWN_EVENTS]]
    left = len(events) - SHOWN_EVENTS
    return "\n".join(lines + ([f"  ... and {left} more in the log"] if left > 0 else []))


def fleet_text(figures: dict[str, Any]) -> str:
    """Return how many vehicles fared."""
    error, time = figures["position_error_rms_m"], figures["arm_to_disarm_s"]
    rows = [
        ("landed", f"{figures['landed']} of {figures['vehicles']}, crashed {figures['crashed']}"),
        ("crashed seeds", ", ".join(map(str, figures["crashed_seeds"])) or "none"),
        ("simulated", f"{figures['simulated_s']:.0f} s at {figures['real_time_factor']:.0f} times real time"),
        ("position against setpoint", "{least:.3f} / {median:.3f} / {most:.3f} m RMS".format(**error)),
        ("arm to disarm", "{least:.1f} / {median:.1f} / {most:.1f} s".format(**time)),
    ]
    return table(rows, ("scorecard", "(least / median / most)"))
