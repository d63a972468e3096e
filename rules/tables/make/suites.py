#!/usr/bin/env python3
"""Writes ../suites.tsv: which distribution release a tag means that does not say so (golang:1.20, python:slim).

Read from the history of docker-library/official-images: every revision of library/<image> lists the tags with the
release behind them. A tag that left the list stays at what it last was, so the last mention is what a pull gives.

Usage: suites.py <git directory of docker-library/official-images>
Not run by the build; run it by hand to bring the table up to date.
"""

import re
import subprocess
import sys
from pathlib import Path

# With every patch version; of the others only the tags of at most two numbers, which are the ones people write.
PATCHED = ["golang", "node", "python", "rust"]
# Their major version is a line of releases of its own, so an unknown minor version may be looked up under it.
BY_MAJOR = ["debian", "node", "postgres", "redis"]
IMAGES = PATCHED + [
    "buildpack-deps", "debian", "eclipse-temurin", "gradle", "httpd", "maven", "nginx", "openjdk", "perl", "php",
    "postgres", "redis", "ruby", "ubuntu",
]
DEBIAN = "wheezy jessie stretch buster bullseye bookworm trixie forky sid".split()
UBUNTU = "trusty xenial bionic focal groovy hirsute impish jammy kinetic lunar mantic noble oracular plucky questing resolute".split()
# Images outside the library; from the tag lists of their own documentation (dotnet/dotnet-docker README files) and the
# distribution's own statement of what latest is.
BY_HAND = [("amazonlinux:latest", "2023"), ("centos:latest", "8"), ("almalinux:latest", "10")] + [
    (f"mcr.microsoft.com/dotnet/{image}:{version}", release)
    for image in ("aspnet", "runtime", "runtime-deps", "sdk")
    for version, release in [
        ("2.1", "stretch"), ("2.2", "stretch"), ("3.0", "buster"), ("3.1", "buster"), ("5.0", "buster"),
        ("6.0", "bullseye"), ("7.0", "bullseye"), ("8.0", "bookworm"), ("9.0", "bookworm"), ("10.0", "noble"),
    ]
]
BY_HAND_DATE = "2026-11-21"
SUITE = re.compile(r"^(?:" + "|".join(DEBIAN + UBUNTU) + r"|alpine3\.\d+|oraclelinux\d+|ol\d+|ubi\d+.*|al2023|oracle)$")
WINDOWS = re.compile(r"windows|nanoserver")


def git(repo, *args):
    return subprocess.run(["git", "-C", repo, *args], check=True, capture_output=True, text=True).stdout


def entries(text):
    """(tags, directory, windows) of each entry of a library file in the format used since 2016."""
    for block in re.split(r"\n\s*\n", text):
        fields = {}
        for line in block.splitlines():
            if line.startswith("#") or ":" not in line:
                continue
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip()
        if "Tags" not in fields:
            continue
        own = [tag.strip() for tag in fields["Tags"].split(",")]
        shared = [tag.strip() for tag in fields.get("SharedTags", "").split(",") if tag.strip()]
        windows = bool(WINDOWS.search(fields["Tags"] + fields.get("Architectures", "") + fields.get("Directory", "")))
        yield own, shared, fields.get("Directory", ""), windows


def suite_of(tags, directory):
    found = {token for tag in tags for token in tag.split("-") if SUITE.match(token)}
    found |= {token for token in re.split(r"[/-]", directory) if SUITE.match(token)}
    return found.pop() if len(found) == 1 else None


def main():
    repo = sys.argv[1]
    rows = [(tag, release, BY_HAND_DATE) for tag, release in BY_HAND]
    for image in IMAGES:
        last = {}
        log = git(repo, "log", "--reverse", "--format=%H %cs", "--", f"library/{image}").split("\n")
        revisions = [line.split() for line in log if line]
        # All revisions in one call; one process for each would take minutes.
        batch = subprocess.run(
            ["git", "-C", repo, "cat-file", "--batch"],
            input="".join(f"{commit}:library/{image}\n" for commit, _ in revisions).encode(),
            check=True, capture_output=True,
        ).stdout
        at = 0
        for commit, date in revisions:
            end = batch.index(b"\n", at)
            header = batch[at:end].split()
            if header[-1] == b"missing":
                at = end + 1
                continue
            size = int(header[2])
            text = batch[end + 1 : end + 1 + size].decode("utf-8", "replace")
            at = end + 1 + size + 1
            for own, shared, directory, windows in entries(text):
                if windows:
                    continue
                suite = suite_of(own, directory)
                for tag in own + shared:
                    last[tag] = (suite, date)
        silent = {
            tag: value
            for tag, value in last.items()
            if not any(SUITE.match(token) for token in tag.split("-")) and value[0]
        }
        for tag, (suite, date) in sorted(silent.items()):
            if re.search(r"(alpha|beta|rc|preview|nightly|onbuild|-ea|\d[ab]\d|\du\d|mainline|\d{8})", tag):
                continue
            if image not in PATCHED and re.search(r"\d+\.\d+\.\d", tag):
                continue
            if image in ("gradle", "openjdk", "maven") and re.search(r"^\d+\.\d", tag):
                continue
            # Left out where the tag with one number less says the same: the look-up goes there next.
            patch = re.match(r"^(\d+\.\d+)\.\d+(.*)$", tag)
            minor = re.match(r"^(\d+)\.\d+(?:\.\d+)?(-.*)?$", tag)
            if patch and patch[1] + patch[2] in silent:
                if silent[patch[1] + patch[2]][0] == suite:
                    continue
            elif image in BY_MAJOR and minor and silent.get(minor[1] + (minor[2] or ""), (None,))[0] == suite:
                continue
            rows.append((f"{image}:{tag}", suite, date))
    rows.sort()
    out = Path(__file__).parent.parent / "suites.tsv"
    with out.open("w") as file:
        file.write("tag\trelease\tdate\n")
        for row in rows:
            file.write("\t".join(row) + "\n")
    print(len(rows), "rows,", out.stat().st_size, "bytes")


main()
