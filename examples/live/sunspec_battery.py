"""A battery behind a SunSpec map, on pymodbus: nothing of ECA is in it.

    python sunspec_battery.py honest|ignores|dead_timer [ENERGY_WH] [--power-w N] [--sf N] [--efficiency F] [--stepped]

Prints its port, then answers Modbus TCP on it. A line `state` on stdin prints one JSON object: what the device does by its
own clock. It falls back to WSetRvrt when WSetRvrtTms have passed since the last write to its set point.

With `--stepped` energy flows only in the seconds that a line `advance SECONDS` on stdin gives it, for days that pass in a
minute; its timer still runs by the clock of the machine. The answer is the state after that.
"""

import argparse
import asyncio
import json
import sys
import time

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

parser = argparse.ArgumentParser()
parser.add_argument("kind", choices=["honest", "ignores", "dead_timer"], nargs="?", default="honest")
parser.add_argument("energy_wh", type=int, nargs="?", default=1000)
parser.add_argument("--power-w", type=int, default=5000)
parser.add_argument("--sf", type=int, default=1, help="scale factor of power and energy: 1 is tens of W and Wh")
parser.add_argument("--efficiency", type=float, default=1.0, help="of charging, and of discharging")
parser.add_argument("--stepped", action="store_true")
ARGS = parser.parse_args()
KIND, RATING_W, RATING_WH, RESERVE, UNIT = ARGS.kind, ARGS.power_w, ARGS.energy_wh, 20.0, 10**ARGS.sf
BASE = 40000

MODELS = [(1, 66), (701, 153), (704, 57), (713, 7), (715, 7), (802, 62)]
AT = {}
_at = BASE + 2
for _id, _length in MODELS:
    AT[_id] = _at
    _at += _length + 2
SIZE = _at + 2 - BASE


def s16(value):
    return int(value) & 0xFFFF


def words(value):
    value = int(value) & 0xFFFFFFFF
    return [value >> 16, value & 0xFFFF]


def long(regs, at, signed=True):
    value = regs[at] << 16 | regs[at + 1]
    return value - (1 << 32) if signed and value & 0x80000000 else value


class Battery:
    """The device: registers in, power out."""

    def __init__(self):
        self.regs = [0] * SIZE
        self.soc_wh, self.last, self.wound, self.writes = 0.5 * RATING_WH, time.monotonic(), time.monotonic(), 0
        self.charged_wh = self.discharged_wh = 0.0
        self.set_w = self.revert_w = self.revert_s = 0
        self.enabled = False
        self.put(BASE, [0x5375, 0x6E53])
        for model, length in MODELS:
            self.put(AT[model], [model, length])
        self.put(_at, [0xFFFF, 0])
        for offset, text in [(2, "Test"), (18, "Rack"), (50, "0001")]:
            data = text.encode().ljust(32, b"\0")
            self.put(AT[1] + offset, [data[i] << 8 | data[i + 1] for i in range(0, 32, 2)])
        self.put(AT[701] + 116, [s16(ARGS.sf)])
        self.put(AT[704] + 55, [s16(0)])
        self.put(AT[713] + 2, [RATING_WH // UNIT])
        self.put(AT[713] + 7, [s16(ARGS.sf), s16(-2)])
        battery = AT[802]
        self.put(battery + 3, [RATING_WH // UNIT, RATING_W // UNIT, RATING_W // UNIT])
        self.put(battery + 10, [s16(RESERVE * 10)])
        self.put(battery + 53, [s16(ARGS.sf), s16(ARGS.sf)])
        self.put(battery + 56, [s16(-1)])

    def put(self, address, values):
        self.regs[address - BASE : address - BASE + len(values)] = values

    def power(self, now):
        """Discharge positive, W, and what is left of the timer."""
        left = self.revert_s - (now - self.wound)
        wanted = self.set_w if self.enabled else 0
        if KIND != "dead_timer" and self.enabled and self.revert_s and left <= 0:
            wanted = self.revert_w
        low = RESERVE / 100 * RATING_WH
        if (wanted > 0 and self.soc_wh <= low) or (wanted < 0 and self.soc_wh >= RATING_WH):
            wanted = 0
        return max(-RATING_W, min(RATING_W, wanted)), max(left, 0.0)

    def step(self, seconds=None):
        """Lets time pass: that of the machine, or so many seconds."""
        now = time.monotonic()
        power, left = self.power(now)
        self.flow(power, (0.0 if ARGS.stepped else now - self.last) if seconds is None else seconds)
        self.last = now
        power, left = self.power(now)
        self.put(AT[701] + 10, [s16(round(power / UNIT))])
        shown = self.revert_s if KIND == "dead_timer" else round(left)
        self.put(AT[704] + 33, words(shown))
        self.put(AT[713] + 4, [round(self.soc_wh / RATING_WH * 1e4)])
        self.put(AT[802] + 11, [round(self.soc_wh / RATING_WH * 1e3)])
        return power, left

    def flow(self, power, seconds):
        """Moves energy, as far as there is any or room for it, and counts it at the terminals."""
        h, eta = seconds / 3600, ARGS.efficiency
        if power > 0:
            sent = min(power * h, max(0.0, self.soc_wh - RESERVE / 100 * RATING_WH) * eta)
            self.soc_wh, self.discharged_wh = self.soc_wh - sent / eta, self.discharged_wh + sent
        elif power < 0:
            taken = min(-power * h, max(0.0, RATING_WH - self.soc_wh) / eta)
            self.soc_wh, self.charged_wh = self.soc_wh + taken * eta, self.charged_wh + taken

    def written(self, address, values):
        """What a write does beyond the registers."""
        self.step()
        self.writes += 1
        if KIND == "ignores":
            return False
        self.put(address, values)
        at = AT[704] - BASE
        self.set_w, self.revert_w = long(self.regs, at + 24), long(self.regs, at + 26)
        self.revert_s, self.enabled = long(self.regs, at + 31, False), self.regs[at + 22] == 1
        if AT[704] <= address < AT[704] + 59:
            self.wound = time.monotonic()
        return True


BATTERY = Battery()


async def action(function_code, start_address, address, count, current_registers, set_values):
    if set_values is None:
        BATTERY.step()
    else:
        BATTERY.written(address, list(set_values))
        # A device that ignores acknowledges all the same.
        if KIND == "ignores":
            set_values[:] = BATTERY.regs[address - BASE : address - BASE + len(set_values)]
    current_registers[:] = BATTERY.regs[start_address - BASE : start_address - BASE + len(current_registers)]
    return None


async def main():
    data = SimData(BASE, values=[0] * SIZE, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=[data], action=action), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        what, *rest = line.split()
        power, left = BATTERY.step(float(rest[0]) if what == b"advance" else None)
        state = {"power_w": power, "left_s": left, "soc_wh": BATTERY.soc_wh, "writes": BATTERY.writes,
                 "set_w": BATTERY.set_w, "revert_s": BATTERY.revert_s, "enabled": BATTERY.enabled,
                 "charged_wh": BATTERY.charged_wh, "discharged_wh": BATTERY.discharged_wh}
        print(json.dumps(state), flush=True)
    await server.shutdown()


asyncio.run(main())
