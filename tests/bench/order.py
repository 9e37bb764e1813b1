#!/usr/bin/env python3
"""Writes .cargo/start.*.ld anew: which functions a start of a command passes through, for the linker to put side by side.

    cargo rustc --release --locked --bin keyctl --target x86_64-unknown-linux-musl -- -Cstrip=none
    tests/bench/order.py target/x86_64-unknown-linux-musl/release/keyctl

and the same with `gnu`: with each C library the compiler gives functions other hashes, so each has a list.

Of many a function there are instances that differ in their hash alone; those that are called come first, by their full names, and
all the others last, so that with other hashes they are still near.

It runs `keyctl run` under callgrind (Debian: valgrind, binutils, libc6-dev) on a store of its own, once with keys from the
command line and once in a project. First come the functions of which a start passes through most, last those of which it touches
little: Linux maps sixteen pages at a time, and each such step takes a microsecond or two. To be done when `run` goes other ways
than before: a name that is no longer there, or not yet, costs a little speed and nothing else.
"""

import collections, os, pathlib, re, shutil, subprocess, sys, tempfile

program = os.path.abspath(sys.argv[1])
library = "musl" if "-musl/" in program else "gnu"
script = pathlib.Path(__file__).resolve().parents[2] / f".cargo/start.{library}.ld"
LINE = 64
# What a processor has that valgrind's has not, in packages that ask for it.
NEWER = re.compile(r"(?=.*4sha2)(?=.*(x86|ni|shani))(?=.*(digest_blocks|compress))|(?=.*8chacha20)(?=.*avx512)")
# The same in the C library: `memmove-avx-unaligned-erms.o` stands for `memmove-evex-unaligned-erms.o` too.
KIND = re.compile(r"^(\w+?)-(avx2?|evex|avx512)(?=[-.])")


def traced(folder):
    """Of each function that was called, as the linker knows it, which lines of the processor's cache it took."""
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
    lines = collections.defaultdict(set)
    for number, choice in enumerate(choices):
        if not choice:
            keyctl("init", *names)
            keyctl("allow", "--hash", keyctl("allow", "--show-hash").split()[-1])
        # The first use makes files that later ones only change.
        keyctl("run", *choice, "--", "/bin/true")
        out = folder / f"out.{number}"
        callgrind = ["valgrind", "--tool=callgrind", "--demangle=no", "--compress-strings=no", "--compress-pos=no"]
        callgrind += ["--dump-instr=yes", "--trace-children=yes", f"--callgrind-out-file={out}"]
        keyctl("run", *choice, "--", str(refused), before=callgrind)
        function = None
        for line in out.read_text().splitlines():
            if named := re.match(r"fn=([^'\s]+)", line):
                function = named[1]
            elif address := re.match(r"0x([0-9a-f]+) ", line):
                lines[function].add(int(address[1], 16) // LINE)
    return lines


def sizes():
    """How long each function is."""
    listed = subprocess.run(["nm", "-S", "--defined-only", program], capture_output=True, text=True).stdout
    return {name: int(size, 16) for size, name in re.findall(r"^\S+ (\S+) [tTiW] (\S+)$", listed, re.M)}


def members_of_libc():
    """For each function of the C library the members of its archive that have it."""
    asked = ["cc", "-print-file-name=libc.a"]
    if library == "musl":
        asked = ["rustc", "--print", "target-libdir", "--target", "x86_64-unknown-linux-musl"]
    archive = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    archive += "/self-contained/libc.a" if library == "musl" else ""
    listed = subprocess.run(["nm", "-A", "--defined-only", archive], capture_output=True, text=True).stdout
    members = collections.defaultdict(set)
    for member, name in re.findall(r"^[^:]*:([^:]*):\S+ [tTiW] (\S+)$", listed, re.M):
        members[name].add(member)
    return members


def without_hashes(name):
    """A pattern for it: with each release of a package or of the compiler its hashes are others, and as long as these."""
    name = re.sub(r"17h[0-9a-f]{16}E.*$", "17h*", name)
    return re.sub(r"Cs([0-9A-Za-z]+)_", lambda found: f"Cs{'?' * len(found[1])}_", name)


with tempfile.TemporaryDirectory() as folder:
    lines = traced(pathlib.Path(folder))
sizes, members = sizes(), members_of_libc()
instances = collections.Counter(without_hashes(name) for name in sizes)
siblings = collections.defaultdict(set)
for member in {member for all in members.values() for member in all}:
    if (kind := KIND.match(member)) and kind[2] in ("evex", "avx512"):
        siblings[kind[1]].add(member)
# By section: how much of it is touched, and how much there is of it.
touched, there, others = collections.Counter(), collections.Counter(), set()
for name, its_lines in lines.items():
    if name.startswith(("_ZN", "_R")) or name == "main":
        pattern = without_hashes(name)
        if instances[pattern] > 1:
            others.add(f"*(.text*.{pattern})")
            pattern = name
        sections = [f"*(.text*.{pattern})"]
    elif len(members[name]) == 1:
        (member,) = members[name]
        kind = KIND.match(member)
        all_kinds = {member} | (siblings[kind[1]] if kind else set())
        sections = [f"*libc.a:{member}(.text .text.*)" for member in all_kinds]
    else:
        continue
    for section in sections:
        touched[section] += len(its_lines) * LINE
        there[section] += sizes.get(name, LINE)
for name in filter(NEWER.search, sizes):
    section = f"*(.text*.{without_hashes(name)})"
    touched[section] += sizes[name]
    there[section] += sizes[name]
order = sorted(there, key=lambda section: (-min(1, touched[section] / there[section]), section))
text = "".join(f"    {section}\n" for section in order + sorted(others))
script.write_text(
    "/* What each start of a command passes through, side by side: so that it maps little of the program (see build.rs).\n"
    "   Written by tests/bench/order.py. */\n"
    f"SECTIONS\n{{\n  .text.start :\n  {{\n{text}  }}\n}}\nINSERT BEFORE .text;\n"
)
print(f"{len(order)} sections, {sum(there.values())} bytes of which {sum(touched.values())} are touched")
