"""Programs on a real terminal under `keyctl run --mask`, driven as a person would. The first argument is keyctl."""
import os, shutil, sys, time
import pexpect

keyctl = sys.argv[1]
masked = r"\[keyctl:K\]"


def start(*command):
    words = ["run", "--mask", "-k", "K", "--", *command]
    return pexpect.spawn(keyctl, words, timeout=30, encoding="utf-8", codec_errors="replace", dimensions=(30, 100))


def ended(program, code=0, signal=None):
    program.expect(pexpect.EOF)
    program.close()
    assert (program.exitstatus, program.signalstatus) == (code, signal), (program.args, program.before, program)


# A terminal as large as the real one, its echo, its answers, its end.
program = start("sh", "-c", "echo $K; test -t 0 && test -t 1 && test -t 2 && tty >/dev/tty; stty size; read x; echo got $x; exit 5")
program.expect(masked)
program.expect("30 100")
program.sendline("hello")
program.expect("hello\r\n")
program.expect("got hello\r\n")
ended(program, 5)

# Ctrl-C is the command's; another size is heard of.
program = start("sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done")
program.expect("ready")
program.setwinsize(33, 111)
program.expect("33 111")
program.sendintr()
ended(program, None, 2)

# Python at its own prompt, and a question that is not echoed.
program = start("python3", "-i")
program.expect(">>> ")
program.sendline("import os, getpass; print(os.environ['K'][:3], os.environ['K'])")
program.expect("sk- " + masked)
program.sendline("len(getpass.getpass('word? '))")
program.expect("word\\? ")
program.sendline("unseen")
program.expect("\n6\r\n")
assert "unseen" not in program.before
program.sendline("exit(3)")
ended(program, 3)

# An editor: each key as it comes, and the screen as it was made.
if shutil.which("vim"):
    program = start("vim", "-u", "NONE", "-n", "written")
    program.expect("All|written")
    program.send("ihello\x1b:r !echo $K\r")
    program.expect(masked)
    program.send("ggdG")
    program.send("ihello there\x1b:wq\r")
    ended(program)
    assert open("written").read() == "hello there\n"

# Pagers: alone, behind keyctl, and with something before it.
if shutil.which("less"):
    program = start("less", "page")
    program.expect("line 25")
    program.send("G")
    program.expect("line 199")
    program.send("q")
    ended(program)
    for line in [f"cat page | {keyctl} run --mask -k K -- less", f"{keyctl} run --mask -k K -- cat page | less"]:
        program = pexpect.spawn("sh", ["-c", line], timeout=30, encoding="utf-8", dimensions=(30, 100))
        program.expect("line 25")
        time.sleep(0.3)
        program.send("G")
        program.expect("line 199")
        program.send("q")
        ended(program)

if shutil.which("top"):
    program = start("top", "-d", "1")
    program.expect("Tasks|%Cpu")
    program.send("q")
    ended(program)

if shutil.which("git"):
    os.system("git init -q . && git -c user.name=x -c user.email=x@y commit -q --allow-empty -m first")
    program = start("git", "--no-pager", "log", "--format=%C(auto)%h %s")
    program.expect("\x1b\\[33m")
    ended(program)

# Jobs: of the shell that started keyctl, and of a shell within it.
shell = pexpect.spawn("bash", ["--norc", "-i"], timeout=30, encoding="utf-8", dimensions=(30, 200))
shell.sendline("PS1='> ' ; bind 'set enable-bracketed-paste off'; stty -a >before")
shell.expect("[\r\n]> ")
for option in ["--mask", "--mask --watch"]:
    # Not a loop of short commands: `dash` starts these by vfork(2), and a stop between that and their exec stops nobody.
    shell.sendline(f"{keyctl} run {option} -k K -- sh -c 'echo begun; exec sleep 1000'")
    shell.expect("\r\nbegun")
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.expect("> ")
    shell.sendline("stty -a >after; cmp before after && echo as before")
    shell.expect("\r\nas before")
    shell.expect("> ")
    shell.sendline("bg; sleep 0.5; jobs")
    shell.expect("Running")
    shell.expect("> ")
    shell.sendline("fg")
    shell.expect("1000'\r\n")
    # A key that comes before bash has handed over the terminal is bash's, and takes what is typed behind it with it.
    while os.tcgetpgrp(shell.child_fd) == shell.pid:
        time.sleep(0.01)
    shell.sendintr()
    shell.expect("> ")
    shell.sendline("echo code $?")
    shell.expect("code 130")
    shell.expect("> ")
shell.sendline("exit")
shell.expect(pexpect.EOF)
program = start("bash", "--norc", "-i")
program.expect("[$#] ")
program.sendline("sleep 60")
time.sleep(0.5)
program.send("\x1a")
program.expect("Stopped")
program.sendline("fg")
time.sleep(0.5)
program.sendintr()
program.sendline("echo code $?; echo $K")
program.expect("code 130")
program.expect(masked)
program.sendline("exit 4")
ended(program, 4)

# What keyctl itself says meanwhile: each line begins where lines do.
words = ["run", "--watch", "--mask", "-k", "K", "--", "sh", "-c", "echo begun; exec sleep 60"]
program = pexpect.spawn(keyctl, words, timeout=30, encoding="utf-8", dimensions=(30, 60))
program.expect("begun\r\n")
os.system(f"{keyctl} remove K --yes 2>/dev/null")
program.expect("the command runs on with [^\n]*\r\n[^\n]*`K`\r\n")
program.sendintr()
ended(program, None, 2)
