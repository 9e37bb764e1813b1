"""`keyctl run --mask` on terminals, at its ends. The first argument is keyctl."""
import os, select, signal, sys, time
import pexpect

keyctl = sys.argv[1]
masked = r"\[keyctl:K\]"
run = f"{keyctl} run --mask -k K --"


def bash():
    shell = pexpect.spawn("bash", ["--norc", "-i"], timeout=30, encoding="utf-8", dimensions=(30, 200))
    shell.sendline("PS1='> ' ; bind 'set enable-bracketed-paste off'")
    shell.expect("[\r\n]> ")
    return shell


def until(what, is_so):
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.02)


# What the command leaves behind lives on, whether it prints or not, and what it prints is masked.
shell = bash()
shell.sendline(f"{run} sh -c '(sleep 0.3; touch silent) </dev/null >/dev/null 2>&1 & echo main'; echo code $?")
shell.expect("\nmain\r")
shell.expect("code 0")
until("what prints nothing was ended", lambda: os.path.exists("silent"))
shell.sendline(f"{run} sh -c '(until [ -e go ]; do sleep 0.02; done; echo \"late $K\") & echo main'; echo code $?")
shell.expect("\nmain\r")
shell.expect("code 0")
open("go", "w").close()
shell.expect("late " + masked)

# In the background: the shell has set the terminal for the line that it edits.
shell.sendline(f"{run} sh -c 'read x; echo \"GOT:$x\"' &")
shell.expect("> ")
time.sleep(0.3)
shell.sendline("fg")
shell.expect("read x[^\n]*\n")
time.sleep(0.3)
shell.send("hello\r")
shell.expect("GOT:hello")

# Another program of the pipeline takes keys from the terminal: they are its own.
picker = """
import os, termios, tty
terminal = os.open("/dev/tty", os.O_RDWR)
before = termios.tcgetattr(terminal)
tty.setcbreak(terminal)
os.write(terminal, b"READY")
keys = b""
while len(keys) < 8:
    keys += os.read(terminal, 1)
termios.tcsetattr(terminal, termios.TCSADRAIN, before)
print("chose", keys.decode())
"""
open("picker.py", "w").write(picker)
line = f"{sys.executable} picker.py | (until [ -e picking ]; do sleep 0.02; done; {run} cat)"
pipeline = pexpect.spawn("bash", ["--norc", "-c", line], timeout=10, encoding="utf-8")
pipeline.expect("READY")
open("picking", "w").close()
time.sleep(0.6)
for key in "abcdefgh":
    pipeline.send(key)
    time.sleep(0.03)
pipeline.expect("chose abcdefgh")
pipeline.expect(pexpect.EOF)

# One stream to another terminal.
outer, inner = os.openpty()
for option, here, there in [("2", "out", b"err"), ("1", "err", b"out")]:
    script = "echo \"out $K\"; echo \"err $K\" >&2"
    program = pexpect.spawn("bash", ["--norc", "-c", f"{run} sh -c '{script}' {option}>{os.ttyname(inner)}"], timeout=20)
    program.expect(pexpect.EOF)
    assert program.before == f"{here} [keyctl:K]\r\n".encode(), program.before
    assert select.select([outer], [], [], 10)[0], "nothing came there"
    came = os.read(outer, 1000)
    assert came == there + b" [keyctl:K]\r\n", came

# A terminal that nobody reads.
program = pexpect.spawn("bash", ["--norc", "-c", f"exec {run} sh -c 'touch printing; exec yes'"])
until("nothing was started", lambda: os.path.exists("printing"))
time.sleep(0.3)
os.kill(program.pid, signal.SIGTERM)
ended = []


def has_ended():
    pid, status = os.waitpid(program.pid, os.WNOHANG)
    ended.append(status)
    return pid != 0


until("it did not end", has_ended)
assert os.WTERMSIG(ended[-1]) == signal.SIGTERM, ended[-1]
