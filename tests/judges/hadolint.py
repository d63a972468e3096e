#!/usr/bin/env python3
"""How far `unladen check --profile hadolint` agrees with hadolint on hadolint's own cases.

Reads ../shared/judges/hadolint_cases.jsonl.gz (or $UNLADEN_SHARED/judges/...), writes every case into a directory of
its own, checks them all in one run, and prints the agreement per rule and in total. The cases are never written into
the repository; of a disagreement only its id is printed. `-v` prints the cases too, names of rules choose among them.

    python3 tests/judges/hadolint.py [-v] [DL3000 ...]
"""

import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def shared():
    given = os.environ.get("UNLADEN_SHARED")
    return pathlib.Path(given) if given else ROOT.parent / "shared"


def binary():
    return os.environ.get("UNLADEN", str(ROOT / "target/debug/unladen"))


def configuration(case):
    """The case's configuration as hadolint's file. A rule that hadolint has off is given a severity, which turns it on."""
    config = {}
    known = {"trusted_registries": "trustedRegistries", "label_schema": "label-schema", "strict_labels": "strict-labels"}
    for key, value in case["config"].items():
        config[known[key]] = value
    if case["rule"] in ("DL1001", "DL3057"):
        config["override"] = {"info": [case["rule"]]}
    return config


def run(cases):
    """Findings by case id: a list of (code, line)."""
    found = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as directory:
        for number, case in enumerate(cases):
            place = pathlib.Path(directory, f"{number:04}")
            place.mkdir()
            (place / "Dockerfile").write_bytes(case["dockerfile"].encode())
            # JSON is YAML.
            (place / ".hadolint.yaml").write_text(json.dumps(configuration(case)))
        command = [binary(), "check", "--format", "hadolint", "--profile", "hadolint", "."]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        if "--profile" in done.stderr:
            command[4:6] = ["--select", "all"]
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        if not done.stdout:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        for finding in json.loads(done.stdout):
            number = int(pathlib.PurePath(finding["file"]).parent.name)
            found[cases[number]["id"]].append((finding["code"], finding["line"]))
    return found


def agrees(case, found):
    """What `found` says of the rule that the case is about."""
    rule = case["rule"]
    if rule == "*":
        lines = [line for code, line in found if code.startswith(("DL", "SC"))]
    elif rule == "SC":
        lines = [line for code, line in found if code.startswith("SC")]
    else:
        lines = [line for code, line in found if code == rule]
    if case["expect"] == "not":
        return not lines
    if case["expect"] == "count" and rule != "SC":
        return len(lines) == case["count"]
    return bool(lines)


def main():
    arguments = sys.argv[1:]
    verbose = "-v" in arguments
    rules = [argument for argument in arguments if argument != "-v"]
    path = shared() / "judges/hadolint_cases.jsonl.gz"
    if not path.exists():
        print(f"skipped: {path} is not there")
        return
    with gzip.open(path, "rt") as lines:
        cases = [json.loads(line) for line in lines]
    if rules:
        cases = [case for case in cases if case["rule"] in rules]
    found = run(cases)
    good, all_, wrong = collections.Counter(), collections.Counter(), []
    for case in cases:
        all_[case["rule"]] += 1
        if agrees(case, found[case["id"]]):
            good[case["rule"]] += 1
        else:
            wrong.append(case)
    for rule in sorted(all_):
        print(f"{rule:8} {good[rule]:4} of {all_[rule]:4}{'' if good[rule] == all_[rule] else '  *'}")
    share = 100 * sum(good.values()) / max(1, len(cases))
    print(f"{'total':8} {sum(good.values()):4} of {len(cases):4}  {share:.1f} %")
    for case in wrong:
        print(f"differs: {case['rule']} {case['id']} (expected: {case['expect']})")
        if verbose:
            print(f"  {case['name']}\n  {json.dumps(case['dockerfile'])} {case['config'] or ''}")
            print(f"  ours: {sorted(found[case['id']])}")


main()
