"""Types command lines into a real interactive shell on a pty, presses Tab, and prints the words that came of it.

Arguments: the shell, a file of commands to load, then the lines. Prints one line each: the words, in braces.
A line that begins with `!` is run as it is, and what it prints between `<<` and `>>` is printed.
"""
import re
import sys

try:
    import pexpect
except ImportError:
    sys.exit("needs pexpect: apt-get install python3-pexpect, or tests/run")

shell, script, lines = sys.argv[1], sys.argv[2], sys.argv[3:]
start = {
    "bash": ["bash", ["--norc", "--noprofile", "-i"], ["bind 'set enable-bracketed-paste off'", f"source '{script}'"]],
    "zsh": ["zsh", ["-f", "-i"], ["unset zle_bracketed_paste; bindkey -e; autoload -Uz compinit; compinit -u -D", f"source '{script}'"]],
    "fish": ["fish", ["--no-config", "-i"], ["set -g fish_autosuggestion_enabled 0", f"source '{script}'"]],
    "elvish": ["elvish", ["-norc"], [f"eval (slurp < '{script}')"]],
}[shell]

program = pexpect.spawn(start[0], start[1], encoding="utf-8", timeout=20, dimensions=(50, 300))


def done(number):
    """What came out until the shell says the number, which the typed line itself spells otherwise."""
    program.expect(rf"E\.N\.D{number}\.")
    return program.before


for number, line in enumerate(start[2], 1000):
    program.send(f"{line}; echo E'.'N'.'D{number}'.'\r")
    said = done(number)
    if re.search("error|not found|exception|unexpected", said.split("\n", 1)[-1], re.I):
        sys.exit(f"loading says: {said}")
for number, line in enumerate(lines):
    if line.startswith("!"):
        program.send(f"{line[1:]}; echo E'.'N'.'D{number}'.'\r")
        print(" ".join(re.findall("<<([^<>$]*)>>", done(number))))
        continue
    program.send(f"{line}\t\x01printf '{{%s}}' \x05 ;echo E'.'N'.'D{number}'.'\r")
    said = done(number)
    words = re.findall(r"(?:\{[^{}%]*\})+$", said)
    print(words[0] if words else f"nothing readable: {said!r}")
program.close(force=True)
