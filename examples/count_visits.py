"""Count visits into a table that any spreadsheet opens.

python examples/count_visits.py 0 visits.csv
"""

import csv
import sys
from collections import Counter
from contextlib import suppress
from datetime import datetime

from edge import watch

source, path = sys.argv[1:]
visits = Counter[str]()
with open(path, "a", newline="", encoding="utf-8") as file, suppress(KeyboardInterrupt):
    table = csv.writer(file)
    for moment in watch(source):
        for event in moment.events:
            if event.kind == "visit":
                visits[event.visit.label] += 1
                when = datetime.fromtimestamp(moment.time_s).isoformat(" ", "seconds")
                table.writerow([when, event.visit.label, visits[event.visit.label], round(event.duration_s, 1)])
                file.flush()
