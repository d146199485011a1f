"""Translate a log of any autopilot into PX4's topics, so that what reads PX4's logs reads every log."""

import numpy as np

from logs.foreign.blackbox_terms import blackbox_terms
from logs.foreign.crazyflie_terms import crazyflie_terms
from logs.foreign.dataflash_terms import dataflash_terms
from logs.foreign.recording import Recording
from logs.foreign.tlog_terms import tlog_terms

TRANSLATIONS = {
    "DataFlash": dataflash_terms,
    "telemetry": tlog_terms,
    "blackbox": blackbox_terms,
    "Crazyflie": crazyflie_terms,
}


def px4_terms(recording: Recording) -> dict[str, np.ndarray]:
    """Return what a log holds of attitude, rates, position, motors and battery under PX4's names.

    SI units, NED and FRD, `timestamp` in front, as a ULog holds them. A ULog has them already: nothing for it.
    """
    translate = TRANSLATIONS.get(recording.kind)
    return {topic: rows for topic, rows in translate(recording) if len(rows)} if translate else {}
