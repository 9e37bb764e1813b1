#!/usr/bin/env python3
"""Writes .cargo/start.ld anew: which functions a start of a command passes through, for the linker to put side by side.

    cargo rustc --release --locked --bin keyctl -- -Cstrip=none
    tests/bench/order.py target/*/release/keyctl

It runs `keyctl run` under callgrind (Debian: valgrind, binutils, libc6-dev) on a store of its own, once with keys from the
command line and once in a project. To be done when `run` goes other ways than before: a name that is no longer there, or not
yet, costs a little speed and nothing else.
"""

import collections, os, pathlib, re, shutil, subprocess, sys, tempfile

program = os.path.abspath(sys.argv[1])
script = pathlib.Path(__file__).resolve().parents[2] / ".cargo/start.ld"


def traced(folder):
    """The names of all functions that were called, as the linker knows them."""
    home = folder / "home"
    project = home / "project"
    project.mkdir(parents=True)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    # A program that valgrind will not start, so that it is still there to write down what happened.
    refused = folder / "refused"
    shutil.copy("/bin/true", refused)
    refused.chmod(0o4755)

    def keyctl(*words, text=None, before=()):
        called = subprocess.run(
            [*before, program, *words], env=environment, cwd=project, input=text, capture_output=True, text=True
        )
        assert before or called.returncode == 0, called.stderr
        return called.stdout

    keyctl("store", "create", "--keeper", "file")
    names = [f"KEY_{number}" for number in range(10)]
    for name in names:
        keyctl("set", name, text=f"value of {name}")
    choices = [[word for name in names for word in ("-k", name)], []]
    functions = set()
    for number, choice in enumerate(choices):
        if not choice:
            keyctl("init", *names)
            keyctl("allow", "--hash", keyctl("allow", "--show-hash").split()[-1])
        out = folder / f"out.{number}"
        callgrind = ["valgrind", "--tool=callgrind", "--demangle=no", "--compress-strings=no", "--trace-children=yes"]
        keyctl("run", *choice, "--", str(refused), before=[*callgrind, f"--callgrind-out-file={out}"])
        functions.update(re.findall(r"^fn=([^'\s]+)", out.read_text(), re.M))
    return functions


def members_of_libc():
    """For each function of the C library the members of its archive that have it."""
    archive = subprocess.run(["cc", "-print-file-name=libc.a"], capture_output=True, text=True, check=True).stdout.strip()
    listed = subprocess.run(["nm", "-A", "--defined-only", archive], capture_output=True, text=True).stdout
    members = collections.defaultdict(set)
    for member, name in re.findall(r"^[^:]*:([^:]*):\S+ [tTiW] (\S+)$", listed, re.M):
        members[name].add(member)
    return members


with tempfile.TemporaryDirectory() as folder:
    functions = traced(pathlib.Path(folder))
members = members_of_libc()
rust = {name for name in functions if name.startswith(("_ZN", "_R")) or name == "main"}
# Without their hashes, which are others with each release of a package or of the compiler.
ours = {re.sub(r"17h[0-9a-f]{16}E.*$", "17h*", re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name)) for name in rust}
theirs = {member for name in functions - rust for member in members[name] if len(members[name]) == 1}
sections = [f"*(.text*.{name})" for name in sorted(ours)] + [f"*libc.a:{name}(.text .text.*)" for name in sorted(theirs)]
lines = "".join(f"    {section}\n" for section in sections)
script.write_text(
    "/* What each start of a command passes through, side by side: so that it maps little of the program (see build.rs).\n"
    "   Written by tests/bench/order.py. */\n"
    f"SECTIONS\n{{\n  .text.start :\n  {{\n{lines}  }}\n}}\nINSERT BEFORE .text;\n"
)
print(f"{len(ours)} functions, {len(theirs)} members of the C library")
