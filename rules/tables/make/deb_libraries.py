#!/usr/bin/env python3
"""Writes deb_libraries.tsv: the run-time packages that stand for a -dev package, by Debian release.

usage: deb_libraries.py LISTS DATE NAMES >deb_libraries.tsv

LISTS is a directory of apt's own lists (`apt-get update` with bullseye, bookworm and trixie as sources), NAMES a file of -dev
packages, one a line. A -dev package depends on its own libraries with its own version, `libfoo1 (= 1.2-3)`; one that only
stands for another -dev package of the same source is followed. What has no such dependency is left out.
"""
import glob
import re
import subprocess
import sys

RELEASES = ["bullseye", "bookworm", "trixie"]


def packages(path):
    """name -> version, source, section and depends of every package of a list."""
    text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", path], capture_output=True, check=True, text=True).stdout
    found = {}
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", block, re.M))
        if "Package" in fields:
            source = fields.get("Source", fields["Package"]).split()[0]
            found[fields["Package"]] = (fields["Version"], source, fields.get("Section", ""), fields.get("Depends", ""))
    return found


def libraries(name, known, depth=0):
    if name not in known or depth > 3:
        return []
    version, source, _, depends = known[name]
    found = []
    for part in depends.split(","):
        part = part.split("|")[0].strip()
        match = re.match(r"^([a-z0-9.+-]+)(?::any)?(?: \(([<>=]+) ([^)]+)\))?$", part)
        if not match or match.group(1) not in known:
            continue
        other, own = match.group(1), match.group(2) == "=" and match.group(3) == version
        same = known[other][1] == source
        if other.endswith("-dev"):
            if same and (own or len(depends.split(",")) == 1):
                found += libraries(other, known, depth + 1)
        elif same and known[other][2].split("/")[-1] in ("libs", "oldlibs") and not other.startswith("gir1."):
            found.append(other)
    return found


def main():
    lists, date, names = sys.argv[1:4]
    known = {}
    for release in RELEASES:
        (path,) = glob.glob(f"{lists}/*_dists_{release}_main_binary-amd64_Packages*")
        known[release] = packages(path)
    print("#package\t" + "\t".join(RELEASES) + "\tdate\tsource")
    for name in sorted(set(open(names).read().split())):
        row = [",".join(sorted(set(libraries(name, known[release])))) or "-" for release in RELEASES]
        if any(cell != "-" for cell in row):
            print("\t".join([name, *row, date, "Debian main, Depends of the package"]))


main()
