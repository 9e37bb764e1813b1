"""Reads a calendar from standard input as two programs do that know nothing of each other, and says what both see."""

import json
import sys

import ics
import icalendar

raw = sys.stdin.buffer.read()
for line in raw.split(b"\r\n"):
    assert len(line) <= 75 and b"\n" not in line, line

calendar = icalendar.Calendar.from_ical(raw)
assert not calendar.errors and calendar["VERSION"] == "2.0" and calendar["PRODID"], calendar.errors
seen = []
for event in calendar.walk("VEVENT"):
    assert not event.errors and event["UID"] and event["DTSTAMP"], event.errors
    (alarm,) = event.walk("VALARM")
    assert alarm["ACTION"] == "DISPLAY" and alarm["DESCRIPTION"] == event["SUMMARY"]
    seen.append([str(event["SUMMARY"]), event["DTSTART"].dt.isoformat(), str(alarm["TRIGGER"].dt), str(event.get("URL", ""))])

others = {event.uid: event for event in ics.Calendar(raw.decode()).events}
assert len(others) == len(seen)
for event in calendar.walk("VEVENT"):
    other = others[event["UID"]]
    assert other.name == event["SUMMARY"] and (other.url or "") == event.get("URL", ""), other
    assert other.begin.isoformat().startswith(event["DTSTART"].dt.isoformat()), other
    assert other.all_day == (len(event["DTSTART"].dt.isoformat()) == 10) and len(other.alarms) == 1, other
json.dump(seen, sys.stdout)
