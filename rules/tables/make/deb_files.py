#!/usr/bin/env python3
"""Writes deb_files.tsv beside itself: what the most used Debian packages put on the disk, counted from their file lists.

Installed-Size counts what slim images leave out (documentation, manuals, locales) and not what the package's scripts make
(Python's bytecode). So the packages that at least MIN Dockerfiles of the corpus install are fetched with all they depend
on, by `apt-get download` on a Debian bookworm machine, and their files are added up:
full: all files; slim: without what the -slim images exclude; py: the sources that are byte-compiled at installation.
A file with several names (a hard link) counts once. Run from the repository's root: deb_files.py [FACTS] [DEBS].
"""
import csv, json, re, subprocess, sys, tarfile, datetime
from pathlib import Path

MIN = 20
facts = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/facts")
debs = Path(sys.argv[2] if len(sys.argv) > 2 else "/tmp/unladen-debs")
EXCLUDED = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "usr/share/groff/",
            "usr/share/lintian/", "usr/share/linda/")


def closure(graph, names):
    index = {name: at for at, name in enumerate(graph["n"])}
    seen, waiting = set(), [index[name] for name in names if name in index]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += graph["d"][at]
    return sorted(graph["n"][at] for at in seen)


def measure(path):
    full = slim = py = 0
    data = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=data.stdout, mode="r|") as tar:
        for entry in tar:
            # Only a plain file has bytes; a hard link has those of its first name.
            if not entry.isreg():
                continue
            name = entry.name.removeprefix("./")
            full += entry.size
            excluded = name.startswith(EXCLUDED) and not (name.startswith("usr/share/doc/") and name.endswith("/copyright"))
            if not excluded:
                slim += entry.size
            if name.endswith(".py") and name.startswith("usr/lib/python3"):
                py += entry.size
    data.wait()
    return full, slim, py


graph = json.load(open(facts / "deb_closure_indexed.json"))
rows = csv.DictReader(open(facts / "deb_packages.csv"))
used = {row["resolved_to"] for row in rows if int(row["corpus_freq"] or 0) >= MIN}
wanted = closure(graph, used)
debs.mkdir(parents=True, exist_ok=True)
have = {path.name.split("_")[0] for path in debs.glob("*.deb")}
missing = [name for name in wanted if name not in have]
while missing:
    done = subprocess.run(["apt-get", "-q", "download", *missing], cwd=debs, capture_output=True, text=True)
    # One name that cannot be had stops them all: a package that this machine has from elsewhere.
    gone = re.findall(r"of '([^':]+)|Unable to locate package (\S+)", done.stderr)
    gone = {first or second for first, second in gone}
    if done.returncode == 0 or not gone:
        break
    missing = [name for name in missing if name not in gone]
today = datetime.date.today().isoformat()
lines = []
for path in sorted(debs.glob("*.deb")):
    name, version, _ = path.name.split("_", 2)
    if name in wanted:
        lines.append("\t".join([name, *map(str, measure(path)), version.replace("%3a", ":"), today]))
out = Path(__file__).with_name("deb_files.tsv")
out.write_text("#package\tfull\tslim\tpy\tversion\tdate\n" + "\n".join(sorted(lines)) + "\n")
print(out, len(lines), "of", len(wanted))
