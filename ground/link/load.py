"""How much of its time the flight loop works."""

from ground.rings import Reader, Ring


class Load:
    """Follows what the loop tells of its ticks, about once a second; `share` is of the newest of these seconds."""

    share = 0.0

    def __init__(self, timings: Ring, speed: float) -> None:
        self.reader, self.speed = Reader(timings, from_start=True), speed
        self.worked_us = self.t_us = 0

    def look(self) -> None:
        """Take in what the loop told; one that began anew is judged from its second telling on."""
        rows = self.reader.newest() if self.reader.waiting else None
        if rows is None:
            return
        told_us, now_us = int(rows[0].worked_us), int(rows[0].t_us)
        worked_us, t_us = told_us - self.worked_us, now_us - self.t_us
        self.worked_us, self.t_us = told_us, now_us
        if worked_us >= 0 and t_us > 0:
            self.share = min(1.0, self.speed * worked_us / t_us)
