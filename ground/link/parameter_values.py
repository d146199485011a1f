"""The parameters' present values, how they are changed, and how they are kept over a restart."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from flight import airframe, params
from flight.errors import ConfigError
from flight.parameter import Param, stored
from ground.link import parameter_file, settings
from ground.link.saver import Saver
from ground.link.vehicle import Vehicle

events = logging.getLogger("quadloop.parameters")
Done = Callable[[str], None]
# Longer than the loop needs for an answer, shorter than a ground station waits before it asks again.
PATIENCE_S = 0.8
# How long an accepted value may be missing from what the loop shows.
LAG_S = 0.3
MOST_WAITING = 256


class Wish(NamedTuple):
    """A change the loop has been asked for; `done` is called with the reason of a refusal, empty when accepted."""

    serial: int
    row: Param
    value: float
    asked_s: float
    done: Done
    is_kept: bool = True


def ignored(_: str) -> None:
    """Do nothing with an answer."""


class ParameterValues:
    """Every parameter of loop and link by id; `change` asks, `tick` brings answers and saves."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.vehicle = vehicle
        self.rows = parameter_file.TABLE
        self.kept = parameter_file.read(vehicle.parameter_file)
        vehicle.settings.take(self.kept | vehicle.facts.settings)
        self.wishes: list[Wish] = []
        self.accepted: dict[str, tuple[float, float]] = {}
        self.saver = Saver("parameters", partial(self.write, vehicle.parameter_file))
        self.newest_us = -1
        self.now = 0.0

    def __getitem__(self, name: str) -> float:
        """Return a parameter's present value."""
        if name in settings.BY_ID:
            return self.vehicle.settings[name]
        return self.accepted[name][0] if name in self.accepted else self.vehicle.parameter(name)

    def as_bytes(self) -> bytes:
        """Return something that is different when any value is."""
        own = repr([*self.vehicle.settings.values.values(), *self.accepted.items()])
        return self.vehicle.parameter_bytes + own.encode()

    @property
    def is_busy(self) -> bool:
        """Tell whether too many changes are waiting for the loop."""
        return len(self.wishes) >= MOST_WAITING

    def change(self, row: Param, value: float, done: Done = ignored, is_kept: bool = True) -> None:
        """Ask for a new value that the row allows; `done` is told how it ended, perhaps later."""
        if row.id in settings.BY_ID:
            self.vehicle.settings.take({row.id: value})
        elif value != self[row.id] or any(wish.row is row for wish in self.wishes):
            serial = self.vehicle.set_parameter(row.id, value)
            self.wishes.append(Wish(serial, row, value, self.now, done, is_kept))
            return
        self._keep(row.id, value, is_kept)
        done("")

    def _keep(self, name: str, value: float, is_kept: bool) -> None:
        if is_kept and self.kept.get(name) != value:
            self.kept[name] = value
            self.saver.is_due = True

    def keep(self, names: Iterable[str]) -> None:
        """Keep what the loop itself has chosen over a restart."""
        for name in names:
            self._keep(name, self[name], True)

    def at_start(self, name: str) -> float:
        """Return the value that the loop's next start flies with."""
        return self.kept.get(name, self[name])

    def keep_for_start(self, found: Mapping[str, float]) -> None:
        """Keep values that the loop flies with from its next start on; raise ConfigError where one is out of range."""
        checked = {name: self.rows[name].checked(value, "calibration") for name, value in found.items()}
        for name, value in checked.items():
            self._keep(name, float(np.float32(value)), True)

    def tick(self, now: float) -> None:
        """Take the loop's answers, restore what a restarted loop forgot, save what changed."""
        self.now = now
        wishes, self.wishes = self.wishes, []
        self.wishes = [wish for wish in wishes if not self._settle(wish)] + self.wishes
        self.accepted = {k: v for k, v in self.accepted.items() if now - v[1] < LAG_S}
        self._notice_restart()
        self.saver.tick()

    def write(self, path: Path) -> None:
        """Write what is kept; called in the saver's thread."""
        parameter_file.write(path, dict(self.kept))

    def _settle(self, wish: Wish) -> bool:
        answer = self.vehicle.answer(wish.serial)
        if answer is None:
            if self.now - wish.asked_s < PATIENCE_S:
                return False
            wish.done(f"{wish.row.id} is not changed: the flight loop does not answer")
        elif answer.is_accepted:
            self.accepted[wish.row.id] = wish.value, self.now
            self._keep(wish.row.id, wish.value, wish.is_kept)
            wish.done("")
        else:
            wish.done(f"{wish.row.id}: {answer.reason}")
        return True

    def _notice_restart(self) -> None:
        if self.vehicle.is_flying:
            if not 0 <= self.newest_us <= self.vehicle.t_us:
                self.restore()
            self.newest_us = self.vehicle.t_us

    def restore(self) -> None:
        """Ask the loop for every kept value that it does not fly with."""
        self.accepted.clear()
        for name, value in self.kept.items():
            if name not in settings.BY_ID and self.vehicle.parameter(name) != value:
                self.change(self.rows[name], value)

    def reset(self) -> None:
        """Go back to the airframe's own values and forget the kept ones."""
        own = self.airframe_values()
        for name in self.rows:
            row = self.rows[name]
            value = row.default if name in settings.BY_ID else stored(own, row)
            self.change(row, value, is_kept=False)
        self.kept, self.saver.is_due = {}, True

    def airframe_values(self) -> np.void:
        """Return the airframe's own parameters, the usual ones where its file is gone."""
        try:
            return airframe.load(self.vehicle.facts.airframe).params[0]
        except ConfigError as error:
            events.warning("%s; the defaults are taken", error)
            return params.defaults()[0]

    def reload(self) -> None:
        """Fly with what the file holds."""
        self.kept = parameter_file.read(self.vehicle.parameter_file)
        self.vehicle.settings.take(self.kept)
        self.restore()
