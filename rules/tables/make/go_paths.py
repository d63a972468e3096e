#!/usr/bin/env python3
"""Which modules of go_modules.tsv open no files: `no-paths` in their row.

    go_paths.py [MODULE…]

Fetches the newest version of every major version from the module proxy and looks for the names of functions that open
files or start programs, outside of tests, examples, tools and main packages. A module without a hit may have `no-paths`,
unless what it hands its arguments to opens files (a driver of PostgreSQL, say): that is for a person to see. So is a hit
in a function whose arguments src/rewrite/toolchains/go/calls.rs reads.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TABLE = Path(__file__).parent.parent / "go_modules.tsv"
OPENS = re.compile(
    r"(?:\bos\.(?:Open\w*|ReadFile|ReadDir|L?stat|Stat|Create\w*|Mkdir\w*|WriteFile|DirFS|Readlink|Chdir|StartProcess|UserHomeDir)"
    r"|\bioutil\.(?:Read|Write)\w+|\bfilepath\.(?:Glob|Walk\w*|EvalSymlinks)|\bhttp\.(?:Dir|ServeFile|FileServer)"
    r"|\w*ServeTLS|[\w)]\.Parse(?:Files|Glob)|\btls\.LoadX509KeyPair|\bexec\.(?:Command\w*|LookPath)|\bplugin\.Open"
    r"|\bsyscall\.(?:Open|Exec|ForkExec)|\bunix\.Open\w*|\buser\.(?:Current|Lookup)|\bfs\.(?:Walk|ReadFile|Glob)\w*)\b"
)
ASIDE = re.compile(r"/(?:_?examples?|cmd|testdata|tests?|tools?|benchmarks?|vendor|hack|scripts?|_\w+|gen|generator)/")


def versions(module, work):
    """(path, version, directory) of each major version that the proxy has."""
    for major in range(0, 12):
        path = module if major == 0 else f"{module}/v{major}"
        if major == 1 or (major and re.search(r"/v\d+$", module)):
            continue
        said = subprocess.run(["go", "mod", "download", "-json", f"{path}@latest"], cwd=work, capture_output=True, text=True)
        found = json.loads(said.stdout or "{}")
        if found.get("Dir"):
            yield path, found["Version"], found["Dir"]


def hits(folder):
    for root, folders, files in os.walk(folder):
        inside = root[len(folder):] + "/"
        if ASIDE.search(inside) or (inside != "/" and "go.mod" in files):
            folders[:] = []
            continue
        for name in files:
            if not name.endswith(".go") or name.endswith(("_test.go", "_windows.go")):
                continue
            text = Path(root, name).read_text(errors="replace")
            if re.search(r"^package main\b|^//go:build (?:ignore|tools|windows|js)\b", text, re.M):
                continue
            for hit in OPENS.finditer(re.sub(r"//[^\n]*", "", text)):
                yield f"{inside.lstrip('/')}{name}: {hit.group(0)}"


def main():
    rows = [line.split("\t") for line in TABLE.read_text().splitlines()[1:]]
    modules = sys.argv[1:] or [row[0] for row in rows if not {"cgo", "read"} & set(row[1].split(","))]
    with tempfile.TemporaryDirectory() as work:
        Path(work, "go.mod").write_text("module look\n\ngo 1.22\n")
        for module in modules:
            found = [(path, version, sorted(set(hits(folder)))) for path, version, folder in versions(module, work)]
            for path, version, names in found:
                print(f"{path}@{version}", "no-paths" if not names else "; ".join(names[:8]), sep="\t", flush=True)
            if not found:
                print(f"{module}\tnot to be had")


if __name__ == "__main__":
    main()
