"""A TPM in software at /dev/tpmrm0, whose state lies in the folder that is named; until standard input closes. Needs root.

A TPM's device takes one command in each write and gives one answer in each read. swtpm speaks the same over a socket; between
the two stands a terminal that changes nothing. Prints `ready`.
"""
import os, pty, select, socket, struct, subprocess, sys, time, tty

DEVICE = "/dev/tpmrm0"
HEADER = 10  # tag, length of all, code


class Side:
    """One of the two, read in whole commands or answers."""

    def __init__(self, descriptor):
        self.descriptor, self.read = descriptor, b""

    def messages(self):
        part = os.read(self.descriptor, 4096)
        if not part:
            sys.exit(0)
        self.read += part
        while len(self.read) >= HEADER:
            length = struct.unpack(">I", self.read[2:6])[0]
            if len(self.read) < length:
                return
            message, self.read = self.read[:length], self.read[length:]
            yield message


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
at = os.path.join(folder, "socket")
swtpm = subprocess.Popen(
    ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", "--server", f"type=unixio,path={at}", "--flags", "startup-clear,not-need-init"],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
try:
    until = time.monotonic() + 10
    while not os.path.exists(at):
        assert time.monotonic() < until, "no swtpm after 10 s"
        time.sleep(0.02)
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(at)
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    if os.path.islink(DEVICE):
        os.unlink(DEVICE)
    os.symlink(os.ttyname(theirs), DEVICE)
    print("ready", flush=True)
    caller, chip = Side(ours), Side(tpm.fileno())
    while True:
        ready = select.select([ours, tpm, sys.stdin], [], [])[0]
        if sys.stdin in ready and not os.read(0, 1):
            break
        if ours in ready:
            for command in caller.messages():
                tpm.sendall(command)
        if tpm in ready:
            for answer in chip.messages():
                os.write(ours, answer)
finally:
    swtpm.kill()
    if os.path.islink(DEVICE):
        os.unlink(DEVICE)
    if os.path.exists(at):
        os.unlink(at)
