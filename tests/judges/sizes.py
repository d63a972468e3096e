#!/usr/bin/env python3
"""Measures the size model against what is known and writes the figures into docs/size-model.md.

Three sets: images published with their sizes (facts/accuracy_published.csv), installs of Debian packages measured in a
root file system (facts/real_installs.csv), and Dockerfiles built with and without each fix (tests/judges/size_builds.tsv,
written by size_builds.py with a real engine). The model never reads any of them.

    tests/judges/sizes.py [--binary target/debug/unladen] [--shared ../shared] [--check]
"""
import argparse, csv, json, os, statistics, subprocess, sys, tempfile
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--binary", default="target/debug/unladen")
parser.add_argument("--shared", default=os.environ.get("UNLADEN_SHARED", "../shared"))
parser.add_argument("--check", action="store_true", help="write nothing, fail when a target is missed")
args = parser.parse_args()
facts = Path(args.shared) / "facts"
binary = str(Path(args.binary).resolve())
if not facts.is_dir():
    print(f"skipped: no {facts}")
    sys.exit(0)


def weigh(text, *more):
    """The size report of a Dockerfile."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Dockerfile"
        file.write_text(text)
        done = subprocess.run([binary, "size", "--no-config", "--format", "json", *more, str(file)], capture_output=True, text=True)
        return json.loads(done.stdout)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


# What was installed in each set of real_installs.csv. The file names only the sets: the lists were put together from the
# names and taken when the number of packages in apt's answer (column pkgs) is the one of the set.
SETS = {
    "git": "git", "golang-base": "ca-certificates curl gnupg netbase sq wget git mercurial openssh-client subversion procps g++ gcc libc6-dev make pkg-config",
    "python3-pip": "python3-pip", "nginx": "nginx", "supervisor-cron": "supervisor cron", "imagemagick": "imagemagick",
    "unzip-jq": "unzip jq curl", "vim-less": "vim less", "curl-ca": "curl ca-certificates", "wget-gnupg": "wget gnupg ca-certificates",
    "bpd-curl": "ca-certificates curl gnupg netbase sq wget", "build-essential": "build-essential", "redis": "redis-server",
    "locales-tz": "locales tzdata", "graphviz": "graphviz", "cmake": "cmake make g++",
    "bpd-scm": "ca-certificates curl gnupg netbase sq wget git mercurial openssh-client subversion procps",
    "tesseract": "tesseract-ocr poppler-utils", "apache-php": "apache2 php libapache2-mod-php php-mysql", "pg-client": "postgresql-client",
    "net": "iproute2 iputils-ping net-tools dnsutils",
    "python-build": "python3 python3-dev gcc libffi-dev libssl-dev make", "jre": "openjdk-17-jre-headless", "opencv-deps": "libgl1 libglib2.0-0 libsm6 libxext6 libxrender1",
}


def installs():
    rows = []
    for row in csv.DictReader(open(facts / "real_installs.csv")):
        if not row.get("upper_bytes") or row["set"] not in SETS:
            continue
        base = "debian:bookworm" + ("-slim" if row["mode"] == "slim" else "")
        flag = "" if row["recommends"] == "true" else " --no-install-recommends"
        text = f"FROM {base}\nRUN apt-get update && apt-get install -y{flag} {SETS[row['set']]} && rm -rf /var/lib/apt/lists/*\n"
        layer = weigh(text)["stages"][0]["layers"][1]
        size = layer["size"]
        real = int(row["upper_bytes"])
        rows.append(dict(set=row["set"], mode=row["mode"], recommends=row["recommends"], real=real, likely=size["likely"],
                         low=size["low"], high=size["high"], pkgs=row["pkgs"], parts=[part["what"] for part in layer["parts"]]))
    return rows


# How each published image is predicted. A name: its row is left out of the table and the others tell. A Dockerfile: by its
# packages. What a RUN compiles or downloads is unknown to the model, and then only "at least" is promised.
APT = "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists/*\n"
CURL = "ca-certificates curl gnupg netbase sq wget tzdata"
SCM = "git mercurial openssh-client subversion procps"
FULL = ("autoconf automake bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick libbz2-dev libc6-dev "
        "libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev libjpeg-dev libkrb5-dev "
        "liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev libncursesw5-dev libpng-dev libpq-dev "
        "libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev libxslt1-dev libyaml-dev make patch unzip "
        "xz-utils zlib1g-dev")
DEBIAN, SLIM, MADE = "FROM debian:bookworm\n", "FROM debian:bookworm-slim\n", "RUN make install\n"
ALPINE = "FROM alpine:{}\nRUN make install\n"
RUBY = SLIM + APT.format("bzip2 ca-certificates libffi-dev libgmp-dev libssl-dev libyaml-dev procps zlib1g-dev") + MADE
PYTHON = SLIM + APT.format("ca-certificates netbase tzdata") + MADE
PHP = "autoconf dpkg-dev file g++ gcc libc6-dev make pkg-config re2c ca-certificates curl xz-utils"
BY_PACKAGES = {
    "buildpack-deps:bookworm-curl": DEBIAN + APT.format(CURL),
    "buildpack-deps:bookworm-scm": DEBIAN + APT.format(CURL) + APT.format(SCM),
    "buildpack-deps:bookworm": DEBIAN + APT.format(CURL) + APT.format(SCM) + APT.format(FULL),
    "rust:slim-bookworm 1.86": SLIM + APT.format("ca-certificates gcc libc6-dev") + MADE,
    "python:slim-bookworm 3.13": PYTHON,
    "python:3.10-slim-bookworm": PYTHON,
    "ruby:slim-bookworm 3.3": RUBY,
    "ruby:3.2-slim-bookworm": RUBY,
    "haproxy:bookworm": SLIM + APT.format("ca-certificates") + MADE,
    "memcached:bookworm": SLIM + APT.format("libevent-2.1-7 libsasl2-modules") + MADE,
    "redis:bookworm 7.4": SLIM + APT.format("tzdata") + MADE,
    "nginx:bookworm": SLIM + APT.format("ca-certificates gnupg nginx-module-geoip") + MADE,
    "postgres:15-bookworm": SLIM + APT.format("gnupg less locales libnss-wrapper xz-utils zstd postgresql-15-pgdg") + MADE,
    "httpd:2.4-bookworm": SLIM + APT.format("ca-certificates libaprutil1-ldap libldap-2.5-0") + MADE,
    "php:8-fpm-bookworm": SLIM + APT.format(PHP) + MADE,
    "redis:7-alpine": ALPINE.format("3.20"),
    "memcached:1.6.8-alpine": ALPINE.format("3.12"),
    "httpd:2.4-alpine": ALPINE.format("3.20"),
    "python:3.10-alpine3.22": ALPINE.format("3.22"),
    "rust:1.87-alpine3.22": ALPINE.format("3.22"),
}
NAMES = {"node:lts(22)-bookworm": "node:22-bookworm", "temurin:17-jre-alpine": "eclipse-temurin:17-jre-alpine"}


def published():
    rows = []
    for row in csv.DictReader(open(facts / "accuracy_published.csv")):
        image, real = row["image"], float(row["real_mb"]) * 1e6
        if image == "golang layer gcc":
            text = "FROM buildpack-deps:bookworm-scm\n" + APT.format("g++ gcc libc6-dev make pkg-config")
            size = weigh(text)["stages"][0]["layers"][1]["size"]
        elif image in BY_PACKAGES:
            size = weigh(BY_PACKAGES[image])["image"]
        else:
            size = weigh("FROM " + NAMES.get(image, image) + "\n", "--leave-out")["image"]
        share = size["compressed"] / size["likely"] if row["metric"] == "gz" and size["likely"] else 1
        low, likely = size["low"] * share, size["likely"] * share
        high = size["high"] * share if size["high"] is not None else None
        rows.append(dict(image=image, metric=row["metric"], known=row["tier"] in "AS", real=real, low=low, likely=likely,
                         high=high))
    return rows


def percent(value):
    return f"{100 * value:.1f} %"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def figures(rows):
    errors = [abs(row["likely"] / row["real"] - 1) for row in rows]
    return statistics.median(errors), quantile(errors, 0.9)


def holds(row):
    return row["low"] <= row["real"] and (row["high"] is None or row["real"] <= row["high"])


def rank_correlation(pairs):
    """Spearman's."""
    def ranks(values):
        found = [0.0] * len(values)
        for rank, at in enumerate(sorted(range(len(values)), key=lambda at: values[at])):
            found[at] = rank
        return found
    first, second = ranks([pair[0] for pair in pairs]), ranks([pair[1] for pair in pairs])
    mean = (len(pairs) - 1) / 2
    return sum((a - mean) * (b - mean) for a, b in zip(first, second)) / sum((a - mean) ** 2 for a in first)


def builds():
    """What fixes really saved, and what was predicted."""
    path = Path(__file__).with_name("size_builds.tsv")
    if not path.exists():
        return []
    rows = csv.DictReader(open(path), delimiter="\t")
    return [(row["case"], row["change"], int(row["predicted"]), int(row["real"]), f"{row['engine']}, {row['date']}") for row in rows]


targets, parts, met = [], [], []


def target(name, value, limit, least=False, show=percent):
    fine = value >= limit if least else value <= limit
    targets.append((name, f"{'at least' if least else 'at most'} {show(limit)}", show(value), "yes" if fine else "**no**"))
    met.append(fine)


def mb(value):
    return f"{value / 1e6:.1f}".replace("-0.0", "0.0")


found = installs()
median, p90 = figures(found)
target("installs, median error", median, 0.05)
target("installs, p90 of the error", p90, 0.15)
parts.append("## Installs of Debian packages\n\n" + table(
    ["set", "base", "recommended too", "real MB", "predicted MB", "error"],
    [(row["set"], row["mode"], "yes" if row["recommends"] == "true" else "", mb(row["real"]), mb(row["likely"]),
      f"{100 * (row['likely'] / row['real'] - 1):+.1f} %") for row in found]))
images = published()
known, unknown = [row for row in images if row["known"]], [row for row in images if not row["known"]]
median, p90 = figures(known)
target("published images, payload known, median error", median, 0.06)
target("published images, payload known, p90 of the error", p90, 0.15)
target("published images, payload unknown: the interval holds the truth", sum(map(holds, unknown)) / len(unknown), 0.9, True)
parts.append("## Published images\n\n" + table(
    ["image", "what", "payload", "real MB", "predicted MB"],
    [(row["image"], "compressed" if row["metric"] == "gz" else "on disk", "known" if row["known"] else "unknown",
      mb(row["real"]), mb(row["likely"]) if row["high"] is not None else f"at least {mb(row['low'])}") for row in images]))
built = builds()
if built:
    close = sum(abs(predicted - real) <= max(0.25 * abs(real), 5e6) for _, _, predicted, real, _ in built) / len(built)
    target("fixes, saving within 25 % or 5 MB", close, 0.8, True)
    ranked = rank_correlation([(predicted, real) for _, _, predicted, real, _ in built])
    target("fixes, rank correlation of the savings", ranked, 0.9, True, lambda value: f"{value:.2f}")
    about = ("Each is built by tests/judges/size_builds.py without and with the fix of the named rule, or its rewrite, on stand-ins for\n"
             "the base images that are made of the same packages. A fix that saves nothing stands here too. pip's cache is\n"
             "missing: the package index that was at hand forbids caching.\n\n")
    parts.append("## What fixes save, built with and without\n\n" + about + table(
        ["Dockerfile", "change", "real MB", "predicted MB", "built with"],
        [(case, change, mb(real), mb(predicted), how) for case, change, predicted, real, how in built]))

text = "\n\n".join(["## Targets\n\n" + table(["what", "wanted", "measured", "met"], targets), *parts]) + "\n"
print(text)
page = Path(__file__).resolve().parents[2] / "docs/size-model.md"
begin = "<!-- measured: written by tests/judges/sizes.py -->\n"
if not args.check and page.exists():
    page.write_text(page.read_text().split(begin)[0] + begin + "\n" + text)
sys.exit(0 if all(met) or not args.check else 1)
