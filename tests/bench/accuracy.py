"""How well `keyctl scan` tells keys from other texts: recall over made-up keys, precision over texts that are none.

    python3 tests/bench/accuracy.py KEYCTL [-v]

It draws 40 keys of each kind below as the issuer writes them today (lengths, alphabets, constant parts, and check characters where
the issuer or its source says how they are made), and some thousands of texts that are no keys, each in a random surrounding; nothing
comes from keyctl's own table. It prints a row for each kind, then recall and precision; -v adds each miss and each false find.
"""

import base64
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import zlib
from random import choice, randbytes
from urllib.parse import quote

NUM, LOW, HEX, EACH, OF_A_SORT = "0123456789", "abcdefghijklmnopqrstuvwxyz", "0123456789abcdef", 40, 300
ALL = NUM + LOW.upper() + LOW
SETS = {"A": ALL, "B": ALL + "+/", "C": ALL[:36], "D": NUM, "H": HEX, "L": ALL[10:], "P": NUM[1:], "S": " ", "U": ALL + "-_", "X": "x", "Z": "X"}

# Pieces, so that no scanner stops at this file; joined without the spaces. <A20>: 20 of a set above; a|b: one of these.
# "open": the issuer names no length, so that a key cut short still has the shape which it publishes.
KEYS = """
openai old: sk - <A20> T3Blbk FJ <A20>; openai project: sk -proj-|-svcacct-|-admin- <U74> T3Blbk FJ <U74>
anthropic: sk -ant- api03-|admin01- <U93> AA; github fine-grained: github _pat_ <A22> _ <A59>; gitlab: gl pat- <U20>
gitlab trigger: gl ptt- <H40>; gitlab deploy, runner: gl dt-|rt- <U20>; stripe (open): sk|rk _live_|_test_ 51 <A97>; stripe webhook: wh sec_ <A32>
slack bot: xo xb- <P1><D11-12> - <P1><D12> - <A24>; slack user: xo xp- <P1><D12>-<P1><D12>-<P1><D12>- <H32>
slack app: xa pp-1- A<C10> - <P1><D12> - <H64>; slack webhook: https://hooks. slack.com /services/T <C10> /B <C10> / <A24>
google api key: AI zaSy <U33>; google oauth secret: GOC SPX- <U28>; sendgrid: S G. <U22> . <U43>; twilio api key sid: S K <H32>
mailgun: <H32> - <H8> - <H8>; mailchimp: <H32> -u s <P1>|1<D1>|20|21; mandrill: m d- <U22>; telegram: <P1><D8-9> :A A <U33>
hugging face: h f_ <L34>; digitalocean: do p|o|r _v1_ <H64>; replicate: r 8_ <A37>; shopify: shp at|ca|pa|ss _ <H32>; square: EA AA E|l <U59>
square oauth secret: sq0 csp- <U43>; docker hub: dck r_pat_ <U27>; doppler: dp. pt.|st.dev.|st.prd.|ct.|sa. <A43>; databricks: da pi <H32> |-2|-3
linear: lin _api_ <A40>; notion: nt n_ <D11><A35>; postman: PM AK- <H24> - <H34>; sentry user: sntr yu_ <H64>
sentry app, integration: sntr ya_|yi_ <H64>; terraform cloud: <A14> .atlas v1. <A67>; vault root (open): hv s. <A24>
vault batch (open): hv b. AAAAAQ <U140-200>; cloudflare: cf k_|ut_|at_ <A40><H8>; heroku: HR KU-AA <U58>; rubygems: rubygems _ <H48>
crates.io: ci o <A32>; groq: gs k_ <A52>; supabase: sb p_ <H40>; pulumi: pu l- <H40>; new relic: NR AK- <C27>; figma: fi gd_ <U40>
airtable: pa t <A14> . <H64>; planetscale: pscale _tkn_ <U43>
"""
OTHERS = """
uuid: <H8> - <H4> -4 <H3> -8|-9|-a|-b <H3> - <H12>; git id: <H7>|<H12>|<H40>; digest: <H32>|<H40>|<H64>|<H128>; random: <U16-60>
base64: <B16-800> |=|==; code: <C1> =function( <L1> ){return <L1> .push( <D3> )? <L2> (" <A8> "): <L2> [ <D2> ]};var <L2> =! <D1>
lock npm: sha512- <B86> ==; lock pip: requests==2. <D2> .0 <S1> --hash=sha256: <H64>; lock cargo: checksum <S1> = <S1> " <H64> "
lock go: github.com/ <A6> / <A8> <S1> v1. <D2> .0 <S1> h1: <B43> =; url: https:// <A5> .example.com/ <A8> / <D8> ?id= <A16-32> &page= <D2>
placeholder: YOUR_API_KEY|changeme|${TOKEN}|[token]|key_goes_here|insert-your-token-here-please; placeholder sk: sk _test_|_live_|-proj- <X3-99>
placeholder gh: gh p_ <X36>|<Z36>|**********; placeholder aws: AK IA <Z16>; placeholder np: np m_ <X36>; placeholder sl: xo xb-your-bot-token
example aws: AK|AS IA IOSFODNN7|I44QH8DHB EXAMPLE; example secret: wJalrXUtnFEMI/ K7MDENG/ bPxRfiCY EXAMPLEKEY; example sg: SG. xxxxxxxx.yyyyyyyy
example slack: https://hooks. slack.com /services/T00000000/B00000000/ <Z24>; identifier: <V3-8>|<W3-8>|<Y3-8> value
words: sk-|sk_live_|gh|np|hf_|xo|gl|dop_v1_|AIza|lin_api_ p_|m_|xb-|pat-|_ <V2-6>|<W2-6> key
"""
WORDS = "get user token secret api key value client access parse config handler build cache index test live proj".split()
SETS |= {"V": [word + "-" for word in WORDS], "W": [word + "_" for word in WORDS], "Y": [word.title() for word in WORDS]}


def r(letters, least, most=None):
    return "".join(random.choices(letters, k=random.randint(least, most or least)))


def plain(pieces):
    text = "".join(choice(piece.split("|")) for piece in pieces.split(" "))
    return re.sub(r"<(\w)(\d+)-?(\d*)>", lambda found: r(SETS[found[1]], int(found[2]), int(found[3] or found[2])), text)


def b64(data, padded=False):
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.b64encode(data).decode() if padded else base64.urlsafe_b64encode(data).decode().rstrip("=")


def checked(text, start=4, letters=ALL, width=6):
    """With the CRC-32 of what follows `start`, as GitHub and npm write it: in base 62."""
    number, code = zlib.crc32(text[start:].encode()), ""
    for _ in range(width):
        number, digit = divmod(number, len(letters))
        code = letters[digit] + code
    return text + code


def routable():  # GitLab's routable_token.rb: the check covers all before it, in base 36
    body = b64(randbytes(16) + f"o:1\nu:{r(NUM + LOW, 4, 5)}".encode() + b"\x10")
    return checked("gl" + f"pat-{body}.01.{len(body) // 36}{(NUM + LOW)[len(body) % 36]}", 0, NUM + LOW, 7)


def grafana():  # satokengen: the CRC-32, least byte first
    text = "gl" + "sa_" + r(ALL, 32)
    return f"{text}_{zlib.crc32(text.encode()).to_bytes(4, 'little').hex()}"


def age():  # Bech32 (BIP 173) over 32 bytes
    human, bits, state = "age-secret-key-", int.from_bytes(randbytes(32), "big") << 4, 1
    data = [bits >> 5 * at & 31 for at in range(51, -1, -1)]
    for value in [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human] + data + [0] * 6:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for at, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= part if top >> at & 1 else 0
    data += [(state ^ 1) >> 5 * at & 31 for at in range(5, -1, -1)]
    return (human + "1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[digit] for digit in data)).upper()


def pem():
    kind, size = choice([("", 1185), ("RSA ", 1185), ("EC ", 110), ("OPENSSH ", 350)])
    body = b64((b"openssh-key-v1\x00\x00\x00\x00\x04none" if size == 350 else b"\x30\x82\x04\xa4\x02\x01\x00") + randbytes(size), True)
    return "\n".join(["-----" + f"BEGIN {kind}PRIV" + "ATE KEY-----", *re.findall(".{1,64}", body), "-----" + f"END {kind}PRIV" + "ATE KEY-----"])


KINDS, SORTS = ({name: lambda pieces=pieces: plain(pieces) for name, pieces in (row.split(": ", 1) for row in re.split("; |\n", rows.strip()))}
                for rows in (KEYS, OTHERS))
KINDS |= {
    "age": age, "gitlab routable": routable, "grafana": grafana, "pem (open)": pem, "npm": lambda: checked("np" + "m_" + r(ALL, 30)),
    "github classic": lambda: checked("gh" + "p_" + r(ALL, 30)), "github oauth": lambda: checked("gh" + "o_" + r(ALL, 30)),
    "github app": lambda: checked("gh" + choice("us") + "_" + r(ALL, 30)), "github refresh": lambda: checked("gh" + "r_" + r(ALL, 70)),
    "github stateless (open)": lambda: "gh" + f"s_{r(NUM[1:], 6, 7)}_" + ".".join([  # since April 2026: ghs_APPID_JWT
        b64({"alg": "RS256", "typ": "JWT"}), b64({"iss": "github", "iat": random.randrange(10**9, 2 * 10**9),
             "jti": r(HEX, 36)}), b64(randbytes(256))]),
    "pypi (open)": lambda: "py" + "pi-" + b64(  # a version 2 macaroon: location, identifier, a caveat, signature
        b"\x02\x01\x08pypi.org\x02\x24" + SORTS["uuid"]().encode() + b"\x00\x02\x2b" + b'[3, "' + SORTS["uuid"]().encode() + b'"]'
        + b"\x00\x00\x06\x20" + randbytes(32)),
    "grafana cloud (open)": lambda: "gl" + "c_" + b64({"o": r(NUM, 6), "n": r(LOW, 8), "k": r(ALL, 24), "m": {"r": "us"}}, True),
    "aws access key id": lambda: choice(["AK", "AS"]) + "IA" + base64.b32encode(  # the account stands in the first bits
        (1 << 79 | random.randrange(10**12) << 39 | random.getrandbits(39)).to_bytes(10, "big")).decode(),
    "sentry org (open)": lambda: "sntr" + "ys_" + b64({  # orgauthtoken_token.py
        "iat": random.uniform(1.6e9, 1.8e9), "url": "https://sentry.io", "region_url": "https://us.sentry.io", "org": r(LOW, 4, 12)}, True)
        + "_" + b64(randbytes(32), True)[:-1],
    "vault (open)": lambda: "hv" + "s." + b64(  # a signed service token, as Vault writes them since 1.10
        b"\x08\x01\x12\x20" + randbytes(32) + b"\x1a\x1e\x0a\x1chvs." + r(ALL, 24).encode()),
}


def negatives():
    for _ in range(OF_A_SORT):
        yield from ((sort, draw()) for sort, draw in SORTS.items())
        for kind in ("github classic", "npm", "age", "grafana", "gitlab routable"):
            key = KINDS[kind]()
            yield "wrong check " + kind, key[:-1] + choice("2345".replace(key[-1], ""))
    for kind, draw in KINDS.items():
        yield from (("cut " + kind, key[:len(key) * 2 // 3]) for key in (draw() for _ in range(8)) if "(open)" not in kind)


def surrounded(text, names):
    name = choice(names)
    if "\n" in text:
        return choice([f'export {name.upper()}="{text}"', json.dumps({name: text}), f"{name}: |\n  " + text.replace("\n", "\n  ")])
    return choice([f"export {name.upper()}={text}", json.dumps({"id": 7, name: text}), f"{name}: {text}", f"{name} = '{text}'", f"Set `{text}`.",
                   f"curl 'https://api.example.com/v1/items?{name}={quote(text, safe=':/')}&page=2'", f"Authorization: Bearer {text}"])


def scanned(folder, texts, names):
    """Which of these texts have a finding on one of their lines."""
    path, lines = os.path.join(folder, "texts"), [surrounded(text, names) for _, text in texts]
    owner = [at for at, text in enumerate(lines) for _ in text.split("\n")]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    ran = subprocess.run([sys.argv[1], "scan", "--json", "--no-ignore", path], capture_output=True, check=False)
    return {owner[finding["line"] - 1] for finding in json.loads(ran.stdout)["findings"]}


def main():
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KEYCTL_HOME"] = os.path.join(folder, "store")
        keys, others = [(kind, KINDS[kind]()) for kind in sorted(KINDS) for _ in range(EACH)], list(negatives())
        found = scanned(folder, keys, ["api_key", "token", "secret", "password", "auth_token"])
        wrong = scanned(folder, others, ["id", "value", "ref", "name", "digest"])
    hits = {kind: sum(keys[at][0] == kind for at in found) for kind in sorted(KINDS)}
    for kind, count in hits.items():
        print(f"{kind:26}{count:3} of {EACH}" + ("" if count else "   no rule: none of it found"))
    known = {kind.split()[0] for kind in hits if hits[kind]}
    of_known, total = EACH * sum(kind.split()[0] in known for kind in hits), len(found)
    print(f"recall {total / of_known:.3f} ({total} of {of_known}) over the {len(known)} issuers of which anything was found")
    print(f"recall {total / len(keys):.3f} ({total} of {len(keys)}) over all {len({kind.split()[0] for kind in hits})} issuers")
    print(f"precision {total / (total + len(wrong)):.3f} ({total} keys found; {len(wrong)} of {len(others)} other texts taken for keys)")
    if "-v" in sys.argv:
        print(*(f"missed {kind}: {text!r}" for at, (kind, text) in enumerate(keys) if at not in found and hits[kind]), sep="\n")
        print(*(f"wrong {others[at][0]}: {others[at][1]!r}" for at in sorted(wrong)), sep="\n")


main()
