"""What `jsonschema` says of values and of TOML files, each held against one of the schemas on standard input."""
import json, sys, tomllib
from jsonschema import Draft202012Validator

asked = json.load(sys.stdin)
for schema in asked["schemas"].values():
    Draft202012Validator.check_schema(schema)
checker = Draft202012Validator.FORMAT_CHECKER
validators = {name: Draft202012Validator(schema, format_checker=checker) for name, schema in asked["schemas"].items()}


def judge(case):
    try:
        value = tomllib.loads(case["toml"]) if "toml" in case else case["value"]
    except tomllib.TOMLDecodeError as error:
        return f"no TOML: {error}"
    found = next(validators[case["schema"]].iter_errors(value), None)
    return found and found.message[:400]


json.dump([judge(case) for case in asked["cases"]], sys.stdout)
