"""Checks policy files against a JSON Schema: schema_check.py SCHEMA FILE...

YAML is read as YAML 1.2's core schema says (dates and times stay texts, `010` is ten), one document at a time.
Prints one line per file: `FILE<tab>valid`, `FILE<tab>invalid<tab>where: why` or `FILE<tab>unreadable<tab>why`.
"""

import json
import re
import sys

import yaml
from jsonschema import Draft202012Validator


class Core(yaml.SafeLoader):
    pass


def core_integer(loader, node):
    text = loader.construct_scalar(node)
    base = 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10
    return int(text[2:] if base != 10 else text, base)


def core_number(loader, node):
    return float(loader.construct_scalar(node).lower().replace(".inf", "inf").replace(".nan", "nan"))


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("tag:yaml.org,2002:null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("tag:yaml.org,2002:float",
     r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
     list("-+.0123456789")),
]:
    Core.add_implicit_resolver(tag, re.compile(pattern), first)
Core.add_constructor("tag:yaml.org,2002:int", core_integer)
Core.add_constructor("tag:yaml.org,2002:float", core_number)


def main(schema_path, paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in paths:
        try:
            with open(path, "rb") as file:
                documents = [document for document in yaml.load_all(file, Loader=Core) if document is not None]
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            print(path, "unreadable", str(error).splitlines()[0], sep="\t")
            continue
        faults = [fault for document in documents for fault in validator.iter_errors(document)]
        if faults:
            print(path, "invalid", f"{faults[0].json_path}: {faults[0].message[:200]!r}", sep="\t")
        else:
            print(path, "valid", sep="\t")


main(sys.argv[1], sys.argv[2:])
