#!/usr/bin/env python3
"""Writes the tables of sizes from ../shared/facts and deb_files.tsv. Run from the repository's root: sizes.py [FACTS]

Left out of base_sizes.tsv: rows that are no tag one can write (a remark in brackets), Windows and .NET monitor images,
.NET tags with a patch version (the tag without it stands for them), and a tag that says what a shorter one of the same
image says with the same bytes. Left out of deb_packages.tsv: packages that no used package depends on or recommends.
"""
import csv, json, re, sys
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
        value = (image, tag, int(size), int(row["compressed_bytes"] or 0), "measured" if measured else "estimated", date,
                 short(row["source"]))
        old = rows.get((image, tag))
        if old is None or (value[4] == "measured", value[5]) > (old[4] == "measured", old[5]):
            rows[image, tag] = value
    shorter = {}
    for (image, tag), row in sorted(rows.items(), key=lambda item: len(item[0][1])):
        shorter.setdefault((image, re.sub(r"\.\d+", "", tag), row[2:5]), tag)
    kept = [row for row in rows.values() if shorter[row[0], re.sub(r"\.\d+", "", row[1]), row[2:5]] == row[1]]
    write("base_sizes.tsv", ["image", "tag", "bytes", "compressed", "basis", "date", "source"], kept)


LEFTOVERS = [
    # key, low, likely, high, source
    ("apk-index", 1_276_181, 1_800_000, 2_500_000, "docker-library/php issue 708; kubernetes-sigs/external-dns PR 3656"),
    ("apt-lists", 15_000_000, 19_865_023, 24_000_000, "measured: apt-get update in bookworm with docker-gzip-indexes"),
    ("apt-state", 1_000_000, 1_800_000, 2_100_000, "real_installs.csv: upper_bytes less upper_bytes_no_aptstate"),
    ("dnf-cache", 60_000_000, 80_000_000, 150_000_000, "llm-d/llm-d-router PR 328; florianfesti/boxes PR 151"),
    ("go-build-cache", 40_000_000, 87_000_000, 130_000_000, "measured: go1.21 and go1.27 net/http builds in a RUN"),
    # Six programs, `go mod download` of their dependencies: 4.5 to 15 MB for each module in go.sum.
    ("go-mod-cache", 5_000_000, 70_000_000, 900_000_000, "measured: gin, echo, cobra with viper, grpc on 2026-11-21"),
    ("go-module", 1_000_000, 6_000_000, 15_000_000, "measured: module cache for each module of go.sum, 2026-11-21"),
    ("go-program", 1_500_000, 8_000_000, 60_000_000, "measured: 1.3 MB println, 6.9 MB net/http; large ones 60 MB"),
    ("rust-program", 400_000, 3_400_000, 40_000_000, "measured: clap with serde_json and regex, 3.4 MB"),
    ("cargo-registry", 2_000_000, 20_000_000, 600_000_000, "measured: clap with serde_json and regex, 19.8 MB"),
    ("cargo-target", 20_000_000, 86_000_000, 2_000_000_000, "measured: clap with serde_json and regex, 85.7 MB"),
    ("pip-cache", 250_000, 4_300_000, 60_000_000, "pip_cache.csv: one package, the smallest to the largest tenth"),
    ("npm-cache", 400_000, 20_000_000, 140_000_000, "npm_cache.csv: one package, the smallest to the largest tenth"),
    ("yum-cache", 80_000_000, 150_000_000, 195_000_000, "florianfesti/boxes PR 151; carlossg/docker-maven PR 161"),
]


def leftovers():
    write("leftovers.tsv", ["key", "low", "likely", "high", "date", "source"],
          [(key, low, likely, high, DATE, source) for key, low, likely, high, source in LEFTOVERS])


# What lies at well-known paths of images, for a COPY --from of them.
KNOWN_PATHS = [
    ("/etc/group", 500, "debian bookworm"),
    ("/etc/mime.types", 73_000, "Debian media-types 10.0.0"),
    ("/etc/nsswitch.conf", 500, "debian bookworm"),
    ("/etc/passwd", 1_000, "debian bookworm"),
    ("/etc/ssl/certs", 425_475, "Debian ca-certificates 20230311: the bundle and its links"),
    ("/etc/ssl/certs/ca-certificates.crt", 220_000, "Debian ca-certificates 20230311"),
    ("/usr/local/go", 198_055_580, "toolchain_caches.csv: go1.21.13 unpacked"),
    ("/usr/local/go/lib/time/zoneinfo.zip", 405_000, "go1.21.13"),
    ("/usr/share/ca-certificates", 232_975, "Debian ca-certificates 20230311"),
    ("/usr/share/zoneinfo", 1_492_276, "Debian bookworm tzdata, measured"),
]


def known_paths():
    write("known_paths.tsv", ["path", "bytes", "date", "source"],
          [(path, size, DATE, source) for path, size, source in KNOWN_PATHS])


def language_packages():
    """What pip and npm install, dependencies included, and what their caches keep of it."""
    rows = []
    for row in csv.DictReader(open(facts / "pip_cache.csv")):
        if row["package"].startswith("#") or not (row["installed_bytes"] or "").isdigit():
            continue
        rows.append(("pip:" + row["package"], int(row["installed_bytes"]), int(row["wheel_bytes_downloaded"]), DATE,
                     "pip_cache.csv, measured; the cache is the wheels"))
    for row in csv.DictReader(open(facts / "npm_cache.csv")):
        rows.append(("npm:" + row["package"], int(row["node_modules_bytes"]), int(row["npm_cache_bytes"]), DATE,
                     "npm_cache.csv, measured"))
    write("language_packages.tsv", ["package", "installed", "cache", "date", "source"], rows)


# Median share of what is left without documentation, manuals and locales, by the kind of package: the sums over the
# packages of deb_files.tsv. Bytecode is as large as the sources, and made of python3-* packages only.
KINDS = [("-doc", 0.02), ("-dev", 0.94), ("-data", 0.42), ("-common", 0.42), ("-l10n", 0.02)]


def slim_share(name):
    for ending, share in KINDS:
        if name.endswith(ending):
            return share
    if name.startswith(("lib", "python3")):
        return 0.966
    return 0.83


# What images have beside plain Debian; `:name` stands for another row. From the Dockerfiles of docker-library, and for
# `debian` the packages that debootstrap's minbase installs.
BASE_PACKAGES = {
    "debian": (
    "adduser apt base-files base-passwd bash bsdutils coreutils dash debconf debian-archive-keyring debianutils "
    "diffutils dpkg e2fsprogs findutils gcc-12-base gpgv grep gzip hostname init-system-helpers libacl1 libapt- "
    "pkg6.0 libattr1 libaudit-common libaudit1 libblkid1 libbz2-1.0 libc-bin libc6 libcap-ng0 libcap2 libcom-err2 "
    "libcrypt1 libdb5.3 libdebconfclient0 libext2fs2 libffi8 libgcc-s1 libgcrypt20 libgmp10 libgnutls30 libgpg- "
    "error0 libhogweed6 libidn2-0 liblz4-1 liblzma5 libmd0 libmount1 libnettle8 libp11-kit0 libpam-modules libpam- "
    "modules-bin libpam-runtime libpam0g libpcre2-8-0 libseccomp2 libselinux1 libsemanage-common libsemanage2 "
    "libsepol2 libsmartcols1 libss2 libstdc++6 libsystemd0 libtasn1-6 libtinfo6 libudev1 libunistring2 libuuid1 "
    "libxxhash0 libzstd1 login logsave mawk mount ncurses-base ncurses-bin passwd perl-base sed sysvinit-utils tar "
    "tzdata util-linux util-linux-extra zlib1g "
    ),
    "buildpack-deps": (
        ":buildpack-deps-scm autoconf automake bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick libbz2-dev "
        "libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev "
        "libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev "
        "libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev "
        "libxslt1-dev libyaml-dev make patch unzip xz-utils zlib1g-dev"
    ),
    "buildpack-deps-curl": "ca-certificates curl gnupg netbase sq wget tzdata",
    "buildpack-deps-scm": ":buildpack-deps-curl git mercurial openssh-client subversion procps",
    "eclipse-temurin": "curl wget gnupg fontconfig ca-certificates p11-kit tzdata locales",
    "gcc": ":buildpack-deps",
    "golang": ":buildpack-deps-scm g++ gcc libc6-dev make pkg-config",
    "httpd": "ca-certificates libaprutil1-ldap libldap-2.5-0",
    "nginx": "ca-certificates curl",
    "node": ":buildpack-deps",
    "node-slim": "libatomic1",
    "perl": ":buildpack-deps",
    "perl-slim": "ca-certificates",
    "php": "autoconf dpkg-dev file g++ gcc libc6-dev make pkg-config re2c ca-certificates curl xz-utils",
    "postgres": "gnupg less locales libnss-wrapper xz-utils zstd",
    "python": ":buildpack-deps libbluetooth-dev tk-dev uuid-dev",
    "python-slim": "ca-certificates netbase tzdata libsqlite3-0 libreadline8 libncursesw6 libuuid1",
    "ruby": ":buildpack-deps",
    "ruby-slim": "bzip2 ca-certificates libffi-dev libgmp-dev libssl-dev libyaml-dev procps zlib1g-dev",
    "rust": ":buildpack-deps",
    "rust-slim": "ca-certificates gcc libc6-dev",
}


def base_packages():
    write("base_packages.tsv", ["image", "packages", "date", "source"],
          [(name, packages, DATE, "debootstrap minbase" if name == "debian" else "docker-library Dockerfiles")
           for name, packages in BASE_PACKAGES.items()])


def deb_packages():
    """One line per package, in the order of the names; dependencies are line numbers, counted from 0."""
    graph = json.load(open(facts / "deb_closure_indexed.json"))
    names = graph["n"]
    files = {}
    for row in csv.DictReader(open(Path(__file__).with_name("deb_files.tsv")), delimiter="\t"):
        files[row["#package"]] = (int(row["full"]), int(row["slim"]), int(row["py"]))
    order = sorted(range(len(names)), key=lambda at: names[at].encode())
    line = {at: number for number, at in enumerate(order)}
    rows = []
    for at in order:
        name = names[at]
        if name in files:
            full, slim, py = files[name]
            full, slim = full + py, slim + py
        else:
            # Not fetched: Installed-Size counts 4 KiB blocks, and no bytecode.
            installed = graph["k"][at] * 1024
            bytecode = installed * 0.93 if name.startswith("python3") else 0
            full, slim = installed * 0.98 + bytecode, installed * slim_share(name) + bytecode
        links = [" ".join(str(line[other]) for other in sorted(graph[key][at], key=line.get)) for key in ("d", "r")]
        rows.append((name, round(full / 1000), round(slim / 1000), round(graph["z"][at] * 1.024), *links, DATE))
    write("deb_packages.tsv", ["package", "full", "slim", "deb", "depends", "recommends", "date"], rows)


def write(name, header, rows):
    with open(out / name, "w") as file:
        file.write("#" + "\t".join(header) + "\n")
        for row in sorted(rows, key=lambda row: tuple(str(cell).encode() for cell in row[:2])):
            file.write("\t".join(str(cell) for cell in row) + "\n")
    print(name, len(rows))


base_sizes()
leftovers()
known_paths()
language_packages()
base_packages()
deb_packages()
