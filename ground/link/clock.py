"""The vehicle's clock, for those who set theirs by it: never behind a stamp, never backwards, and as even as can be."""

# A loop that says nothing for longer stands still.
LATEST_S = 0.5
# A busy computer flies late, and then in bursts: what is late says little of the clock, and is believed this slowly.
BELIEVE_S = 2.0
# A pause is no reason to believe what comes after it sooner.
STEP_S = 0.01


class Clock:
    """Tells what time it is at the vehicle from the newest tick and when that was flown."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.t_us, self.flown_s = 0, 0.0
        # By how much the vehicle's seconds are ahead of ours.
        self.lead_s = 0.0
        self.told_ns = 0

    def hear(self, t_us: int, flown_s: float) -> None:
        """Take in a tick's time and when it was flown, in seconds of our clock; time that begins anew is a restart."""
        lead_s = 1e-6 * t_us - self.speed * flown_s
        if t_us < self.t_us or self.flown_s == 0.0:
            self.lead_s, self.told_ns = lead_s, 0
        share = min(max(flown_s - self.flown_s, 0.0), STEP_S) / BELIEVE_S
        self.lead_s = max(lead_s, self.lead_s + share * (lead_s - self.lead_s))
        self.t_us, self.flown_s = t_us, flown_s

    def at_ns(self, now_s: float) -> int:
        """Return nanoseconds since the vehicle was switched on."""
        latest_s = 1e-6 * self.t_us + self.speed * LATEST_S
        told_s = min(self.speed * now_s + self.lead_s, latest_s)
        self.told_ns = max(self.told_ns, 1000 * self.t_us, round(1e9 * told_s))
        return self.told_ns
