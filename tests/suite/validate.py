"""Whether the JSON on standard input is as the schema named says; each place where it is not is printed."""

import json
import sys

from jsonschema import Draft7Validator

with open(sys.argv[1], encoding="utf-8") as schema:
    schema = json.load(schema)
Draft7Validator.check_schema(schema)
wrong = [f"{error.json_path}: {error.message[:200]}" for error in Draft7Validator(schema).iter_errors(json.load(sys.stdin))]
print("\n".join(wrong), end="")
sys.exit(bool(wrong))
