#!/usr/bin/python3
"""An age plugin for the tests, under any name: the file `device` beside it is its hardware, and `faults` says what it does.

  age-plugin-NAME --generate     makes a device where there is none, and prints an identity for it

Each word of `faults` is one thing that it does before it is done, or instead; what each conversation began with is added to
the file `calls`, and the number of its process to `numbers`. Its keys are toys: the key of a file, and the hash of the device, bit by bit one or the other.
"""
import base64, hashlib, os, pathlib, secrets, sys, time

own = pathlib.Path(sys.argv[0]).absolute()
name = own.name.removeprefix("age-plugin-")
beside = own.with_name
read_in, write_out = sys.stdin.buffer, sys.stdout.buffer
LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(prefix, data):
    def checksum(values):
        check = 1
        for value in values:
            top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
            for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                check ^= generator if top >> bit & 1 else 0
        return check

    number, bits = int.from_bytes(data, "big"), len(data) * 8
    number, bits = number << -bits % 5, bits + -bits % 5
    words = [number >> bits - 5 * (at + 1) & 31 for at in range(bits // 5)]
    head = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    check = checksum(head + words + [0] * 6) ^ 1
    words += [check >> 5 * (5 - at) & 31 for at in range(6)]
    return prefix + "1" + "".join(LETTERS[word] for word in words)


def generate():
    device = beside("device")
    if not device.exists():
        device.write_text(secrets.token_hex(16))
    which = hashlib.sha256(device.read_bytes()).digest()[:4]
    print("# recipient: " + bech32(f"age1{name}", which))
    print(bech32(f"age-plugin-{name}-", which).upper())


def unpadded(data):
    return base64.b64encode(data).rstrip(b"=").decode()


def receive():
    words = read_in.readline().decode().split()
    if not words:
        sys.exit(0)
    body = ""
    while True:
        line = read_in.readline().decode().rstrip("\n")
        body += line
        if len(line) < 64:
            break
    return words[1:], base64.b64decode(body + "=" * (-len(body) % 4))


def send(*words, body=b""):
    text = unpadded(body)
    lines = [text[at : at + 64] for at in range(0, len(text) + 1, 64)]
    write_out.write(("-> " + " ".join(words) + "\n" + "\n".join(lines) + "\n").encode())
    write_out.flush()


def ask(*words, body=b""):
    send(*words, body=body.encode() if isinstance(body, str) else body)
    return receive()


def crossed(key):
    device = beside("device")
    if not device.exists():
        ask("error", "internal", body="the device was removed")
        send("done")
        sys.exit(0)
    pad = hashlib.sha256(device.read_bytes()).digest()
    return bytes(one ^ other for one, other in zip(key, pad))


def fault(word):
    if word == "silent":
        time.sleep(600)
    elif word == "dies":
        print("first words\nno \x1b[31mdevice\x1b[0m here\n", file=sys.stderr)
        sys.exit(3)
    elif word == "killed":
        os.kill(os.getpid(), 9)
    elif word == "garbage":
        write_out.write(b"hello\n")
    elif word == "endless":
        while True:
            write_out.write(b"A" * 65536)
    elif word == "endless-line":
        write_out.write(b"-> msg\n")
        while True:
            write_out.write(b"A" * 64 + b"\n")
    elif word == "half":
        write_out.write(b"-> msg\nQUFB")
        write_out.flush()
        time.sleep(600)
    elif word == "noise":
        for _ in range(2000):
            print("x" * 1000, file=sys.stderr)
        print("last words", file=sys.stderr)
    elif word == "grease-for-ever":
        while True:
            ask("grease")
    elif word == "grease":
        assert ask("grease", "a", body="b")[0] == ["unsupported"]
    elif word == "touch":
        assert ask("msg", body="touch the device")[0] == ["ok"]
    elif word == "asks-for-ever":
        while True:
            ask("request-secret", body="PIN")
    elif word == "says-for-ever":
        while True:
            ask("msg", body="touch the device")
    elif word == "hostile":
        ask("msg", body="touch\n\x1b]0;keyctl\x07 `keyctl`: it" + "x" * 400)
    elif word == "pin":
        words, secret = ask("request-secret", body="PIN of the device")
        if words != ["ok"]:
            fail("no PIN")
        if secret != b"4711-toy":
            fail("wrong PIN")
    elif word == "public":
        words, answer = ask("request-public", body="number of the device")
        if answer != b"7":
            fail(f"no device has this number: {words}")
    elif word == "confirm":
        words, _ = ask("confirm", unpadded(b"use it"), unpadded(b"skip it"), body="is it the blue one")
        if words != ["ok", "yes"]:
            fail("skipped: " + " ".join(words))
    elif word == "bad-confirm":
        ask("confirm", "!", body="is it the blue one")
    elif word == "unanswered":
        fail("")
    elif word == "complains-and-dies":
        ask("error", "internal", body="no such key")
        sys.exit(3)
    elif word == "nothing":
        send("done")
        sys.exit(0)
    elif word == "leaves-a-child":
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
    elif word == "closed":
        os.close(1)
        time.sleep(600)
    elif word == "removed":
        beside("device").unlink()
    elif word == "slow":
        time.sleep(0.4)
    elif word == "lingers":
        send("done")
        time.sleep(600)


def fail(why):
    ask("error", "identity", "0", body=why)
    send("done")
    sys.exit(0)


def identity(commands, faults):
    ours = [words for words in commands if words[0][0] == "recipient-stanza" and words[0][2] == "toy-" + name]
    for word in faults:
        fault(word)
    for words, body in ours:
        key = crossed(body)
        if "wrong-key" in faults:
            key = bytes(16)
        if "short-key" in faults:
            key = key[:5]
        file = "1" if "other-file" in faults else words[1]
        ask("file-key", file, body=key)
        if "two-keys" in faults:
            ask("file-key", file, body=key)
        break
    send("done")


def recipient(commands, faults):
    for word in faults:
        fault(word)
    for words, body in commands:
        if words[0] == "add-recipient" and "no-recipients" in faults:
            fail("no recipients")
        if words[0] == "add-identity" and "no-identities" in faults:
            fail("no identities")
    for words, body in commands:
        if words[0] == "wrap-file-key" and "wraps-nothing" not in faults:
            for _ in range(100 if "wraps-for-ever" in faults else 1):
                ask("recipient-stanza", "1" if "other-file" in faults else "0", "toy-" + name, "x", body=crossed(body))
    if "labels" in faults:
        ask("labels", "alone")
    if "labels-twice" in faults:
        ask("labels", "alone")
        ask("labels", "alone")
    send("done")


def main():
    machine = sys.argv[1]
    if machine == "--generate":
        return generate()
    faults = beside("faults").read_text().split() if beside("faults").exists() else []
    with open(beside("calls"), "a") as calls:
        calls.write(f"{machine} AGEDEBUG={os.environ.get('AGEDEBUG')}\n")
    with open(beside("numbers"), "a") as numbers:
        numbers.write(f"{os.getpid()}\n")
    # Before anything is read, for those that say so.
    for word in [word[7:] for word in faults if word.startswith("before-")]:
        fault(word)
    commands = []
    while not commands or commands[-1][0] != ["done"]:
        commands.append(receive())
    faults = [word for word in faults if not word.startswith("before-")]
    {"--age-plugin=identity-v1": identity, "--age-plugin=recipient-v1": recipient}[machine](commands, faults)


main()
