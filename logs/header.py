"""What a log says before the first tick: who flew, with which numbers, made from which code."""

import json
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.autotune.gains import IDS
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.parameter import stored
from flight.params import PARAMS, TABLE
from logs.checkpoint import LAYOUT, LAYOUT_KEY
from logs.ulog import ULogWriter
from logs.version import code_version, fingerprint, package_version, release_number


def write_facts(writer: ULogWriter, airframe: Airframe, dt: float, seed: int, facts: dict[str, Any]) -> None:
    """Write everything a replay needs to know, and what PX4's tools show of a vehicle."""
    known = {
        "sys_name": "Quadloop",
        "ver_sw": code_version(),
        "ver_sw_release": np.uint32(release_number(package_version())),
        "ver_hw": airframe.name,
        "ver_data_format": np.uint32(2),
        "time_ref_utc": np.int32(0),
        "quadloop_version": package_version(),
        "quadloop_dt_s": np.float64(dt),
        "quadloop_seed": np.int64(seed),
        "quadloop_airframe": airframe.name,
        "quadloop_airframe_toml": airframe_toml(airframe),
        "quadloop_layout": fingerprint(INPUTS, COMMAND, PARAMS),
        LAYOUT_KEY: LAYOUT,
        "quadloop_params_dtype": repr(PARAMS.descr),
    }
    for key, value in (known | facts).items():
        writer.info(key, value)


def write_parameters(writer: ULogWriter, params: np.ndarray, row: int, is_first: bool) -> None:
    """Write parameters as every ULog reader knows them, and the record they are stored in to the bit."""
    for param in TABLE:
        value = stored(params, param)
        writer.parameter(param.id, value, param.is_integer)
        if is_first and np.float32(value) != np.float32(param.default):
            writer.default_parameter(param.id, param.default, param.is_integer)
    writer.multi_info("quadloop_params", np.uint64(row).tobytes() + np.asarray(params).tobytes())


def write_change(writer: ULogWriter, demand: np.void) -> None:
    """Write the parameter that a demand has changed."""
    param = TABLE[int(demand["index"])]
    writer.parameter(param.id, float(demand["argument"][0]), param.is_integer)


def write_tuned(writer: ULogWriter, gains: np.ndarray) -> None:
    """Write the gains that an autotune flies with, of every axis."""
    for name, value in zip(np.ravel(IDS), np.ravel(gains), strict=True):
        writer.parameter(str(name), float(value), False)


def airframe_toml(airframe: Airframe) -> str:
    """Return an airframe as the file it could have been read from, overrides included."""
    tables = {
        "airframe": {"about": airframe.about, "loop_rate_hz": int(airframe.loop_rate_hz)},
        **{f"physics.{k}": v for k, v in airframe.physics.items() if k != "rotor"},
        "sensors": airframe.sensors,
        "gains": airframe.gains,
    }
    parts = [f"[{name}]\n{_toml_lines(table)}" for name, table in tables.items()]
    parts += [f"[[physics.rotor]]\n{_toml_lines(rotor)}" for rotor in airframe.physics["rotor"]]
    return "\n".join(parts)


def _toml_lines(table: dict[str, Any]) -> str:
    # TOML and JSON write numbers, lists of numbers and short texts alike.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
