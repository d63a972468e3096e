#!/usr/bin/env python3
"""How far `unladen check --profile buildkit` agrees with BuildKit's build checks on BuildKit's own cases.

Reads ../shared/judges/buildkit_check_cases.jsonl.gz (or $UNLADEN_SHARED/judges/...). A case agrees when the names of
the checks and the lines of their findings are the same; the words of the messages are ours. BuildKit only looks at the
stages that it builds; we look at all, which is what its `all_targets` lists are. The cases are never written into the
repository; of a disagreement only its id is printed, with `-v` the case too.

    python3 tests/judges/buildkit_checks.py [-v]
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


def run(case):
    """The findings as sorted [name, line]."""
    unladen = os.environ.get("UNLADEN", str(ROOT / "target/debug/unladen"))
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        (place / "Dockerfile").write_bytes(case["dockerfile"].encode())
        if "dockerignore" in case:
            (place / ".dockerignore").write_bytes(case["dockerignore"].encode())
        command = [unladen, "check", "--format", "json", "--profile", "buildkit", "--context", ".", "Dockerfile"]
        for name, value in case.get("build_args", {}).items():
            command += ["--build-arg", f"{name}={value}"]
        if "check_arg" in case:
            command += ["--build-arg", f"BUILDKIT_DOCKERFILE_CHECK={case['check_arg']}"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True)
        if "--profile" in done.stderr:
            command[4:6] = ["--select", "all"]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True)
        if not done.stdout:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        found = []
        for diagnostic in json.loads(done.stdout)["files"][0]["diagnostics"]:
            names = [name for name in diagnostic["aliases"] if not name.startswith(("DL", "SC"))]
            found.append([names[0] if names else diagnostic["rule"], diagnostic["range"]["start"]["line"]])
        return sorted(found)


def main():
    verbose = "-v" in sys.argv[1:]
    path = shared() / "judges/buildkit_check_cases.jsonl.gz"
    if not path.exists():
        print(f"skipped: {path} is not there")
        return
    with gzip.open(path, "rt") as lines:
        cases = [json.loads(line) for line in lines]
    good, all_, wrong = collections.Counter(), collections.Counter(), []
    for case in cases:
        expected = sorted([name, line] for name, line, _ in case.get("all_targets", case["warnings"]))
        found = run(case)
        all_[case["name"]] += 1
        if found == expected:
            good[case["name"]] += 1
        else:
            wrong.append((case, expected, found))
    for name in sorted(all_):
        print(f"{name:42} {good[name]:3} of {all_[name]:3}{'' if good[name] == all_[name] else '  *'}")
    share = 100 * sum(good.values()) / max(1, len(cases))
    print(f"{'total':42} {sum(good.values()):3} of {len(cases):3}  {share:.1f} %")
    for case, expected, found in wrong:
        print(f"differs: {case['id']}")
        if verbose:
            print(f"  {json.dumps(case['dockerfile'])}\n  BuildKit: {expected}\n  ours:     {found}")


main()
