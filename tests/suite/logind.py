"""systemd-logind as python3-dbusmock plays it, on a bus of its own; until standard input closes.

First line of output: the bus's address. Each line of input is something that happens, and is answered when it has:
  lock USER     a session of this user is told to lock
  hint USER     a session of this user is locked, as a desktop says by itself
  unhint USER   it is open again
  sleep         the machine goes to sleep
  wake          it is awake again
  logout USER   the user has no session any more
"""
import subprocess, sys, time

import dbus

bus = subprocess.Popen(
    ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
address = bus.stdout.readline().strip()
environment = {"DBUS_SYSTEM_BUS_ADDRESS": address, "PATH": "/usr/bin:/bin"}
mock = subprocess.Popen(
    ["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
)
connection = dbus.bus.BusConnection(address)
until = time.monotonic() + 20
while not connection.name_has_owner("org.freedesktop.login1"):
    assert time.monotonic() < until, "no logind after 20 s"
    time.sleep(0.02)


def at(path, interface):
    return dbus.Interface(connection.get_object("org.freedesktop.login1", path), interface)


MANAGER, MOCK, SESSION = "/org/freedesktop/login1", "org.freedesktop.DBus.Mock", "org.freedesktop.login1.Session"
# Its own fails for a number.
path = 'ret = "/org/freedesktop/login1/user/" + str(args[0])'
at(MANAGER, MOCK).AddMethod("org.freedesktop.login1.Manager", "GetUser", "u", "o", path)
for user in sys.argv[1:]:
    at(MANAGER, MOCK).AddSession("c" + user, "seat0", dbus.UInt32(user), "user" + user, True)
print(address, flush=True)
for line in sys.stdin:
    verb, *users = line.split()
    session = f"{MANAGER}/session/c{users[0]}" if users else None
    if verb == "lock":
        at(session, SESSION).Lock()
    elif verb in ("hint", "unhint"):
        at(session, SESSION).SetLockedHint(verb == "hint")
    elif verb in ("sleep", "wake"):
        at(MANAGER, MOCK).EmitSignal("org.freedesktop.login1.Manager", "PrepareForSleep", "b", [verb == "sleep"])
    elif verb == "logout":
        at(f"{MANAGER}/user/{users[0]}", MOCK).UpdateProperties("org.freedesktop.login1.User", {"State": "closing"})
    print("done", flush=True)
mock.kill()
bus.kill()
