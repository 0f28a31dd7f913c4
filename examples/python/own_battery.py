"""An adapter of one's own: a battery behind whatever you have, the functions that judge it, and a loop that uses it.

    python examples/python/own_battery.py
"""

from datetime import datetime

import eca


class MyBattery:
    """The adapter. The device here is a model of one: 2 MW, 4 MWh, half full; yours is behind a cable."""

    def __init__(self):
        self.now = None
        self.soc_mwh = 2.0
        self.net_mw = 0.0
        self.until = None
        self.done = {}
        self.last = ("", 0)

    def _live_until(self, now):
        # The device lives on until now. Its set point ends by itself: a controller may be gone.
        moment = datetime.fromisoformat(now.replace("Z", "+00:00"))
        if self.now is not None and self.net_mw:
            seconds = (min(moment, self.until) - self.now).total_seconds()
            self.soc_mwh += self.net_mw * max(0.0, seconds) / 3600
            if self.until <= moment:
                self.net_mw = 0.0
        self.now = moment if self.now is None else max(self.now, moment)

    def read(self, options):
        self._live_until(options["now"])
        charge, discharge = max(0.0, self.net_mw), max(0.0, -self.net_mw)
        return {"at": self.now, "soc_mwh": self.soc_mwh, "charge_mw": charge, "discharge_mw": discharge}

    def apply(self, action, options):
        command = action["command"]
        name, details = (command, {}) if isinstance(command, str) else next(iter(command.items()))
        sign = {"charge": 1, "discharge": -1, "idle": 0}.get(name)
        if sign is None or action["target"] != {"battery": {"id": "mine"}}:
            raise eca.AdapterRefusal(f"{name} for {action['target']} is not for `mine`")
        net_mw = sign * details.get("power_mw", 0.0)
        if abs(net_mw) > 2.0:
            raise eca.AdapterRefusal(f"{net_mw} MW is beyond its power of 2 MW")
        now = options["now"]
        self._live_until(now)
        # Times of UTC in this form are in order as text.
        place = (action["not_before"], action["generation"])
        if now >= action["expires"]:
            return "expired"
        if action["id"] in self.done:
            return "already_done"
        if now < action["not_before"]:
            return "early"
        if place <= self.last:
            return "overtaken"
        if options["dry_run"]:
            return "would_do"
        self.done[action["id"]], self.last = action["expires"], place
        self.net_mw, self.until = net_mw, datetime.fromisoformat(action["expires"].replace("Z", "+00:00"))
        return "done"


like = eca.Battery("mine", region="london", power_capacity_mw=2, energy_capacity_mwh=4)
findings = eca.conformance.storage_device(MyBattery(), like, eca.conformance.FakeTime())
for finding in findings:
    print(f"{finding.rule}: {finding.seen}")
print(len(findings), "findings")

# The same object in a loop: cheap hours fill it, dear ones empty it.
site = eca.Problem(
    horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=3),
    regions=[eca.Region("london", it_capacity_mw=1, overhead_mw=2, import_limit_mw=4, carbon_g_per_kwh=200,
                        import_price_gbp_per_mwh=[60, 40, 190])],
    batteries=[like],
)
live = eca.LiveController(site, batteries={"mine": MyBattery()}, shadow=False, view_periods=3)
for hour in range(3):
    tick = live.tick(f"2026-03-02T0{hour}:00:00Z")
    for delivery in tick["deliveries"]:
        print(hour, delivery["action"]["command"], delivery["answer"])
