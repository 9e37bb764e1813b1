"""Reads an export of the history as the programs do that it is meant for, and prints its entries as JSON: each with the
texts that stand in it, lists undone. The parsers are others' own."""

import csv
import datetime
import json
import re
import sys


def rows_of_csv(data):
    for row in csv.DictReader(data.decode().splitlines(keepends=True), strict=True):
        row = {name: value for name, value in row.items() if value != ""}
        yield {name: value[1:] if re.match(r"'[=+@＝＋－＠-]", value) else value for name, value in row.items()}


def lines_of_syslog(data):
    import lark
    from syslog_rfc5424_parser import SyslogMessage, parser

    # Its texts in quotes are those of an older lark, in which a backslash at the end hides the quote behind it.
    odd = "%import common.ESCAPED_STRING   -> ESCAPED_STRING"
    assert odd in parser.GRAMMAR
    grammar = parser.GRAMMAR.replace(odd, r'ESCAPED_STRING: /"(\\.|[^"\\\]])*"/')
    parser._parser = lark.Lark(grammar, parser="lalr", transformer=parser.TreeTransformer())
    for line in lines(data):
        message = SyslogMessage.parse(line)
        assert int(message.facility) == 13, message.facility
        assert message.appname == "keyctl" and message.hostname in (None, "-"), line
        entry = dict(message.sd["keyctl@32473"])
        # This parser leaves the three escapes of the standard (6.3.3) as they are.
        entry = {name: re.sub(r'\\(["\\\]])', r"\1", str(value)) for name, value in entry.items()}
        entry["time"] = message.timestamp
        entry["pid"] = str(message.procid)
        entry.setdefault("action", message.msgid)
        yield entry


def lines_of_cef(data):
    import pycef

    own = {"externalId": "n", "act": "action", "sproc": "program", "spid": "pid", "filePath": "folder", "msg": "note"}
    for line in lines(data):
        parsed = pycef.parse(line)
        assert (parsed["DeviceVendor"], parsed["DeviceProduct"], parsed["CEFVersion"]) == ("keyctl", "keyctl", "0"), line
        assert parsed["Name"] == "keyctl " + parsed["DeviceEventClassID"] and parsed["Severity"] in "37", line
        entry = {}
        for name, value in parsed.items():
            if name.startswith("Device") or name in ("CEFVersion", "Name", "Severity"):
                continue
            entry[own.get(name, name)] = re.sub(r"\\([\\=])", r"\1", value)
        entry["time"] = moment(int(entry.pop("rt")) // 1000)
        if "terminal" in entry:
            entry["terminal"] = {"0": "false", "1": "true"}[entry["terminal"]]
        yield entry


def lines_of_otel(data):
    from google.protobuf import json_format
    from opentelemetry.proto.logs.v1 import logs_pb2

    def value_of(value):
        kind = value.WhichOneof("value")
        if kind == "array_value":
            return ", ".join(value_of(item) for item in value.array_value.values)
        value = getattr(value, kind)
        return str(value).lower() if isinstance(value, bool) else str(value)

    for line in lines(data):
        # Fields of a newer version than this library's are passed over, as every receiver has to.
        logs = json_format.Parse(line, logs_pb2.LogsData())
        (resource,) = logs.resource_logs
        (scope,) = resource.scope_logs
        (record,) = scope.log_records
        assert {item.key for item in resource.resource.attributes} == {"service.name", "service.version"}
        assert record.severity_number in (9, 13) and record.body.string_value, line
        entry = {item.key.removeprefix("keyctl."): value_of(item.value) for item in record.attributes}
        assert record.event_name == "keyctl." + entry["action"]
        entry["time"] = moment(record.time_unix_nano // 10**9)
        yield entry


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(data):
    text = data.decode()
    assert text.endswith("\n") and "\r" not in text
    return text[:-1].split("\n")


readers = {"csv": rows_of_csv, "syslog": lines_of_syslog, "cef": lines_of_cef, "otel": lines_of_otel}
print(json.dumps(list(readers[sys.argv[1]](sys.stdin.buffer.read()))))
