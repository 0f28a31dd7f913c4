#!/usr/bin/env python3
"""Stands in for squeue and scontrol: one queue in queue.json beside it. Nothing of ECA is in it."""

import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
QUEUE = HERE / "queue.json"
jobs = json.loads(QUEUE.read_text())
now = int(time.time())

if Path(__file__).name == "squeue":
    print(json.dumps({"jobs": jobs}))
    sys.exit()
verb, number = sys.argv[1], int(sys.argv[2])
job = next((job for job in jobs if job["job_id"] == number), None)
if job is None:
    sys.exit("Invalid job id specified")
state = job["job_state"][0]
if (verb, state) == ("release", "PENDING"):
    job.update(job_state=["RUNNING"], start_time={"number": now})
elif (verb, state) == ("suspend", "RUNNING"):
    since = max(job["start_time"]["number"], job["suspend_time"]["number"])
    job["pre_sus_time"]["number"] += now - since
    job.update(job_state=["SUSPENDED"], suspend_time={"number": now})
elif (verb, state) == ("resume", "SUSPENDED"):
    job.update(job_state=["RUNNING"], suspend_time={"number": now})
else:
    sys.exit("Requested operation is presently disabled")
(HERE / "log").open("a").write(f"{verb} {number}\n")
QUEUE.write_text(json.dumps(jobs))
