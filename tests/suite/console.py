"""Runs commands one after the other as on a terminal, and says what stood on the screen.

Standard input: a JSON list of {"command", "answers"}. Standard output: a JSON list of what each printed. The folder and
the last exit code go on from one to the next. A question that shows its answer takes the next of the answers; one that
does not takes HIDDEN.
"""
import json
import os
import re
import sys

try:
    import pexpect
except ImportError:
    sys.exit("needs pexpect: apt-get install python3-pexpect, or tests/run")

HIDDEN = os.environ["HIDDEN"]
state = os.environ["STATE"]
folder, code, screens = os.getcwd(), 0, []
for step in json.load(sys.stdin):
    script = f'(exit {code})\n{step["command"]}\ncode=$?\npwd >"{state}"\nexit $code'
    child = pexpect.spawn("bash", ["-c", script], cwd=folder, encoding="utf-8", timeout=60, dimensions=(24, 400))
    answers, screen = list(step["answers"]), ""
    while True:
        found = child.expect([r"\[y/N\] $", r"\(not shown\): $|passphrase[^\n]*: $|once more: $", pexpect.EOF])
        screen += child.before + (child.after if found != 2 else "")
        if found == 2:
            break
        if found == 1:
            child.waitnoecho()
            child.sendline(HIDDEN)
        else:
            child.sendline(answers.pop(0) if answers else "")
    child.close()
    code = child.exitstatus if child.exitstatus is not None else 128 + child.signalstatus
    folder = open(state).read().rstrip("\n") if os.path.exists(state) else folder
    # A program that takes its question off the screen again goes up a line and clears it.
    screens.append(re.sub("[^\n]*\n\x1b\\[F\x1b\\[K", "", screen.replace("\r\n", "\n")))
json.dump(screens, sys.stdout)
