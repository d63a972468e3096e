#!/usr/bin/env python3
"""Writes base_sizes.tsv, leftovers.tsv and deb_sizes.tsv from ../shared/facts. Run from the repository's root.

Left out of base_sizes.tsv: rows that are no tag one can write (a remark in brackets), Windows-only and .NET monitor
images, and .NET tags with a patch version: the tag without it stands for them.
"""
import csv, re, sys
from pathlib import Path

facts = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/facts")
out = Path("rules/tables")
DATE = "2026-11-20"


def short(source):
    source = re.sub(r"@[0-9a-f]{7,40}", "", source)
    source = source.replace("\t", " ")
    return source if len(source) <= 60 else source[:57].rsplit(" ", 1)[0] + " ..."


def base_sizes():
    rows = {}
    for row in csv.DictReader(open(facts / "base_images.csv")):
        image, tag, size = row["image"], row["tag"].strip(), row["ondisk_bytes"]
        if not size or re.search(r"dotnet/(monitor|aspire|framework|nightly|core)", image) or "windows" in image:
            continue
        if re.search(r"nanoserver|windowsservercore|ltsc|-arm|_rc|preview|-rc", tag):
            continue
        # "3.12-slim (2023)" is the size of that tag in that year; a remark that is no date names a variant nobody writes.
        remark = re.search(r"\s*\((.*)\)$", tag)
        if remark:
            version = re.match(r"([0-9]+(?:\.[0-9]+)+)", remark.group(1))
            tag = tag[: remark.start()]
            if not version or re.match(r"[0-9]", tag):
                continue
            tag = version.group(1) + "-" + tag
        if not re.fullmatch(r"[\w][\w.-]*", tag):
            continue
        if "/dotnet/" in image and not re.match(r"\d+\.\d+(-|$)", tag):
            continue
        measured = "ondisk=measured" in row["kind"] or row["kind"].startswith(("exact", "ondisk=computed"))
        date = row["created"] if re.match(r"\d{4}", row["created"]) else DATE
        value = (image, tag, int(size), "measured" if measured else "estimated", date, short(row["source"]))
        old = rows.get((image, tag))
        if old is None or (value[3] == "measured", value[4]) > (old[3] == "measured", old[4]):
            rows[image, tag] = value
    write("base_sizes.tsv", ["image", "tag", "bytes", "basis", "date", "source"], sorted(rows.values()))


LEFTOVERS = [
    # key, low, likely, high, source
    ("apk-index", 1_276_181, 1_800_000, 2_500_000, "docker-library/php issue 708; kubernetes-sigs/external-dns PR 3656"),
    ("apt-lists", 15_000_000, 19_865_023, 24_000_000, "measured: apt-get update in bookworm with docker-gzip-indexes"),
    ("dnf-cache", 60_000_000, 80_000_000, 150_000_000, "llm-d/llm-d-router PR 328; florianfesti/boxes PR 151"),
    ("go-build-cache", 40_000_000, 87_000_000, 130_000_000, "measured: go1.21 and go1.27 net/http builds in a RUN"),
    ("yum-cache", 80_000_000, 150_000_000, 195_000_000, "florianfesti/boxes PR 151; carlossg/docker-maven PR 161"),
]


def leftovers():
    write("leftovers.tsv", ["key", "low", "likely", "high", "date", "source"],
          [(key, low, likely, high, DATE, source) for key, low, likely, high, source in LEFTOVERS])


def deb_sizes():
    rows = []
    for row in csv.DictReader(open(facts / "deb_packages.csv")):
        if row["added_without_recommends_kib"] and row["added_with_recommends_kib"]:
            without, with_ = int(row["added_without_recommends_kib"]), int(row["added_with_recommends_kib"])
            rows.append((row["package"], without * 1024, with_ * 1024, DATE, "Debian bookworm Packages"))
    write("deb_sizes.tsv", ["package", "without_recommends", "with_recommends", "date", "source"], sorted(set(rows)))


def write(name, header, rows):
    with open(out / name, "w") as file:
        file.write("#" + "\t".join(header) + "\n")
        for row in sorted(rows, key=lambda row: tuple(str(cell) for cell in row[:2])):
            file.write("\t".join(str(cell) for cell in row) + "\n")
    print(name, len(rows))


base_sizes()
leftovers()
deb_sizes()
