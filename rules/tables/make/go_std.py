#!/usr/bin/env python3
"""Writes go_std.tsv: what each package of Go's standard library leaves in the build cache once it is compiled, and the
packages that it needs, as line numbers from 0 without those that another of them needs anyway.

    go_std.py GO [OUT]      GO: the go command to measure with, on linux/amd64; compiles the whole standard library
"""
import datetime, json, os, subprocess, sys, tempfile
from pathlib import Path

go = sys.argv[1]
out = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent.parent / "go_std.tsv"
with tempfile.TemporaryDirectory() as cache:
    env = {**os.environ, "GOCACHE": cache, "GOTOOLCHAIN": "local", "GO111MODULE": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    names = subprocess.run([go, "list", "std"], env=env, capture_output=True, text=True, check=True).stdout.split()
    public = [name for name in names if "internal" not in name.split("/") and not name.startswith("vendor/")]
    said = subprocess.run([go, "list", "-export", "-deps", "-json=ImportPath,Export,Deps", *public], env=env, capture_output=True, text=True, check=True).stdout
    packages, at, decoder = {}, 0, json.JSONDecoder()
    while said[at:].strip():
        at += len(said[at:]) - len(said[at:].lstrip())
        one, at = decoder.raw_decode(said, at)
        bytes_ = os.path.getsize(one["Export"]) if one.get("Export") else 0
        packages[one["ImportPath"]] = (bytes_, set(one.get("Deps", [])))
order = sorted(packages)
today = datetime.date.today().isoformat()
lines = []
for name in order:
    bytes_, needs = packages[name]
    needs = needs & packages.keys()
    direct = [one for one in sorted(needs) if not any(one in packages[other][1] for other in needs)]
    lines.append(f"{name}\t{bytes_}\t{' '.join(str(order.index(one)) for one in direct)}\t{today}")
out.write_text("#package\tbytes\tneeds\tdate\n" + "\n".join(lines) + "\n")
print(out, len(lines))
