#!/usr/bin/env python3
"""Writes ../images.tsv and ../aliases.tsv from the facts of base_facts.csv and image_aliases.csv.

ROWS names, for each row of the table, the row of base_facts.csv that it comes from, and what is put right by hand (those
rows say so in their source column). A row without facts is knowledge from its named source.

Usage: images.py <folder with base_facts.csv and image_aliases.csv>
Not run by the build.
"""

import csv
import re
import sys
from pathlib import Path

DATE = "2026-11-20"
COLUMNS = (
    "name variant family tokens shell bash libc libc_version package_manager ca_certificates tzdata curl wget git gcc "
    "make user workdir entrypoint cmd env env_unknown env_complete confidence source date"
).split()
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COMPLETE = dict(env_complete="yes")
PY_ENV = dict(
    env=f"PATH=/usr/local/bin:{PATH}|PYTHON_VERSION=@",
    env_unknown="GPG_KEY LANG PYTHON_GET_PIP_SHA256 PYTHON_GET_PIP_URL PYTHON_PIP_VERSION PYTHON_SETUPTOOLS_VERSION "
    "PYTHON_SHA256",
    env_complete="yes",
)
NODE_ENV = dict(env=f"PATH={PATH}|NODE_VERSION=@", env_unknown="YARN_VERSION", env_complete="yes")
GO_ENV = dict(
    env=f"PATH=/go/bin:/usr/local/go/bin:{PATH}|GOPATH=/go|GOTOOLCHAIN[1.21]=local|GOLANG_VERSION=@",
    env_complete="yes",
)
RUST_ENV = dict(
    env=f"PATH=/usr/local/cargo/bin:{PATH}|RUSTUP_HOME=/usr/local/rustup|CARGO_HOME=/usr/local/cargo|RUST_VERSION=@",
    env_complete="yes",
)
DISTROLESS_ENV = dict(
    env=f"PATH={PATH}|SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", env_complete="yes", entrypoint="", cmd=""
)
NONROOT = dict(user="65532", workdir="/home/nonroot")
# In ENV, "@" is the version that the tag names in full, and unknown otherwise; NAME[1.21] is set since that version.
# Elsewhere a value of "@" is that of the distribution's own row, by release.
BY_RELEASE = dict(libc_version="@", tzdata="@")
DEB = ("debian", dict(libc_version="@", package_manager="apt"))
NGINX = "nginx|-g|daemon off;"


def rows():
    """(name, variant, family, extra tags allowed, key into base_facts.csv or None, overrides)"""
    d = lambda **over: dict(over)
    for release, key in [
        ("bookworm", "bookworm"), ("trixie", "trixie"), ("bullseye", "bullseye[-slim]"), ("buster", "buster[-slim]"),
    ]:
        yield "debian", release, "debian", "slim", ("debian", key), d(**COMPLETE)
    yield "debian", "stretch", "debian", "slim", ("debian", "buster[-slim]"), d(libc_version="2.24", by_hand=1, **COMPLETE)
    yield "debian", "jessie", "debian", "slim", ("debian", "buster[-slim]"), d(libc_version="2.19", by_hand=1, **COMPLETE)
    yield "debian", "", "debian", "slim", ("debian", "buster[-slim]"), d(libc_version="", tzdata="?", by_hand=1, **COMPLETE)
    for release, key in [("noble", "24.04"), ("jammy", "22.04"), ("focal", "20.04"), ("bionic", "18.04")]:
        yield "ubuntu", release, "ubuntu", "", ("ubuntu", key), d(**COMPLETE)
    for release, libc in [("xenial", "2.23"), ("trusty", "2.19"), ("resolute", "2.43"), ("questing", "2.42"), ("plucky", "2.41"), ("oracular", "2.40")]:
        yield "ubuntu", release, "ubuntu", "", ("ubuntu", "20.04"), d(libc_version=libc, tzdata="?", by_hand=1, **COMPLETE)
    yield "ubuntu", "", "ubuntu", "", ("ubuntu", "20.04"), d(libc_version="", tzdata="?", by_hand=1, **COMPLETE)
    musl = {
        "3.24": "1.2.6", "3.23": "1.2.5", "3.22": "1.2.5", "3.21": "1.2.5", "3.20": "1.2.5", "3.19": "1.2.4",
        "3.18": "1.2.4", "3.17": "1.2.3", "3.16": "1.2.3", "3.15": "1.2.2", "3.14": "1.2.2", "3.13": "1.2.2",
        "3.12": "1.1.24", "3.11": "1.1.24", "3.10": "1.1.22", "3.9": "1.1.20", "3.8": "1.1.19", "3.7": "1.1.18",
    }
    for release, version in musl.items():
        seen = release in ("3.24", "3.20", "3.17", "3.12")
        over = {} if seen else d(libc_version=version, by_hand=1)
        yield "alpine", release, "alpine", "", ("alpine", release if seen else "3.20"), d(**over, **COMPLETE)
    yield "alpine", "", "alpine", "", ("alpine", "3.20"), d(libc_version="", by_hand=1, **COMPLETE)
    yield "busybox", "", "busybox", "glibc uclibc musl", ("busybox", "latest (glibc/uclibc/musl)"), d(libc="unknown", **COMPLETE)
    yield "scratch", "", "scratch", "", ("scratch", ""), d(user="root", env=f"PATH={PATH}", by_hand=1, **COMPLETE)

    yield "golang", "", *DEB[:1], "", ("golang", "bookworm|trixie"), d(**BY_RELEASE, **GO_ENV)
    yield "golang", "alpine", "alpine", "", ("golang", "alpine"), d(**BY_RELEASE, **GO_ENV)
    yield "node", "", "debian", "", ("node", "bookworm (default)"), d(libc_version="@", **NODE_ENV)
    yield "node", "slim", "debian", "", ("node", "-slim"), d(**BY_RELEASE, **NODE_ENV)
    yield "node", "alpine", "alpine", "", ("node", "-alpine"), d(**BY_RELEASE, **NODE_ENV)
    yield "python", "", "debian", "", ("python", "bookworm (default)"), d(libc_version="@", **PY_ENV)
    yield "python", "slim", "debian", "", ("python", "-slim"), d(libc_version="@", **PY_ENV)
    yield "python", "alpine", "alpine", "", ("python", "-alpine"), d(libc_version="@", **PY_ENV)
    yield "rust", "", "debian", "", ("rust", "bookworm"), d(libc_version="@", **RUST_ENV)
    yield "rust", "slim", "debian", "", ("rust", "-slim"), d(**BY_RELEASE, **RUST_ENV)
    yield "rust", "alpine", "alpine", "", ("rust", "-alpine"), d(**BY_RELEASE, **RUST_ENV)
    ruby = f"PATH=/usr/local/bundle/bin:{PATH}|GEM_HOME=/usr/local/bundle|BUNDLE_APP_CONFIG=/usr/local/bundle"
    yield "ruby", "", "debian", "", ("ruby", "default"), d(libc_version="@", env=ruby)
    yield "ruby", "slim", "debian", "", ("ruby", "-slim"), d(libc_version="@", env=ruby)
    yield "php", "", "debian", "cli zts", ("php", "cli|apache|fpm"), d(libc_version="@", gcc="yes", workdir="/", cmd="php|-a", by_hand=1)
    for kind, cmd in [("apache", "apache2-foreground"), ("fpm", "php-fpm")]:
        yield "php", kind, "debian", f"{kind} zts", ("php", "cli|apache|fpm"), d(libc_version="@", gcc="yes", workdir="/var/www/html", cmd=cmd, by_hand=1)
    yield "php", "alpine", "alpine", "cli zts", ("php", "*-alpine"), d(libc_version="@", gcc="no", workdir="/", cmd="php|-a", by_hand=1)
    yield "php", "fpm+alpine", "alpine", "fpm zts", ("php", "*-alpine"), d(libc_version="@", gcc="no", workdir="/var/www/html", cmd="php-fpm", by_hand=1)
    java = f"JAVA_HOME=/opt/java/openjdk|PATH=/opt/java/openjdk/bin:{PATH}"
    yield "eclipse-temurin", "", "ubuntu", "jdk jre", ("eclipse-temurin", "*-jre|*-jdk (noble/jammy)"), d(libc_version="@", wget="?", cmd="", env=java, by_hand=1)
    yield "eclipse-temurin", "alpine", "alpine", "jdk jre", ("eclipse-temurin", "*-alpine"), d(libc_version="@", cmd="", env=java, by_hand=1)
    yield "nginx", "", "debian", "mainline perl otel", ("nginx", "default"), d(libc_version="@", user="root", cmd=NGINX, by_hand=1)
    yield "nginx", "alpine", "alpine", "mainline perl otel", ("nginx", "alpine"), d(libc_version="@", user="root", cmd=NGINX, by_hand=1)
    yield "httpd", "alpine", "alpine", "", ("httpd", "alpine"), d(libc_version="@", env=f"PATH=/usr/local/apache2/bin:{PATH}|HTTPD_PREFIX=/usr/local/apache2")
    yield "redis", "alpine", "alpine", "", ("redis", "alpine"), d(libc_version="@", user="root", by_hand=1)
    yield "memcached", "alpine", "alpine", "", ("memcached", "alpine"), d(libc_version="@")
    yield "openjdk", "", "debian", "jdk jre", ("openjdk", "8-jre|8-jdk (buster)"), d(libc_version="@", git="?", cmd="", env="", by_hand=1)
    yield "openjdk", "slim", "debian", "jdk jre", ("openjdk", "8-jre|8-jdk (buster)"), d(libc_version="@", tzdata="?", curl="no", wget="no", git="no", cmd="", env="", by_hand=1)
    yield "openjdk", "alpine", "alpine", "jdk jre", ("eclipse-temurin", "*-alpine"), d(libc_version="@", tzdata="?", entrypoint="", cmd="", env="", by_hand=1)
    yield "ruby", "alpine", "alpine", "", ("python", "-alpine"), d(libc_version="@", tzdata="?", cmd="irb", env=ruby, by_hand=1)
    yield "maven", "", "linux", "jdk jre slim openjdk eclipse temurin", ("eclipse-temurin", "*-jre|*-jdk (noble/jammy)"), d(
        libc_version="@", tzdata="?", wget="?", git="?", entrypoint="/usr/local/bin/mvn-entrypoint.sh", cmd="mvn", env="", by_hand=1)
    postgres = ("postgres|mysql|mariadb|mongo", "default")
    yield "postgres", "", "debian", "", postgres, d(libc_version="@", tzdata="?", ca_certificates="?", package_manager="apt", user="root", cmd="postgres", env="", by_hand=1)
    yield "postgres", "alpine", "alpine", "", postgres, d(
        libc="musl", libc_version="@", bash="yes", tzdata="?", ca_certificates="?", package_manager="apk", user="root", cmd="postgres", env="", by_hand=1)
    for notebook in ("base", "minimal", "scipy"):
        yield f"jupyter/{notebook}-notebook", "", "ubuntu", "*", ("jupyter/base-notebook|minimal|scipy", "*"), d(
            libc_version="", git="?", user="jovyan", entrypoint="tini|-g|--|start.sh", package_manager="apt", env="", by_hand=1)
    for image in ("serverjre", "jdk"):
        yield f"oracle/{image}", "", "rhel", "*", ("oracle/serverjre|jdk|weblogic|database", "*"), d(
            libc_version="", package_manager="?", user="root", workdir="/", env="", by_hand=1)
    yield "bash", "", "alpine", "", ("bash", "* (alpine based)"), d()
    yield "haskell", "", "debian", "", ("haskell", "9-*|8-*"), d(libc_version="@", gcc="yes", env="", by_hand=1)
    yield "dart", "", "debian", "sdk", ("dart", "*"), d(libc_version="", env="", by_hand=1)
    yield "tomcat", "", "ubuntu", "*", ("tomcat", "*"), d(family="linux", libc_version="", package_manager="", cmd="catalina.sh|run", env="", by_hand=1)
    yield "oven/bun", "", "debian", "slim debian", ("oven/bun", "latest"), d()
    yield "buildpack-deps", "", "debian", "", ("rust", "bookworm"), d(libc_version="@", env="", by_hand=1)
    yield "buildpack-deps", "curl", "debian", "curl", ("debian", "bookworm"), d(libc_version="@", tzdata="?", ca_certificates="yes", curl="yes", wget="yes", by_hand=1)
    yield "buildpack-deps", "scm", "debian", "scm", ("debian", "bookworm"), d(libc_version="@", tzdata="?", ca_certificates="yes", curl="yes", wget="yes", git="yes", by_hand=1)
    yield "ros", "", "ubuntu", "*", ("ros", "*-ros-core|*-ros-base"), d(libc_version="@", git="?", gcc="?", make="?", env="", by_hand=1)

    static, base = ("gcr.io/distroless/static-debian12", "latest"), ("gcr.io/distroless/base-debian12", "latest|nonroot")
    nonroot_static = ("gcr.io/distroless/static-debian12", "nonroot")
    kinds = [
        ("static", static), ("base", base), ("base-nossl", ("gcr.io/distroless/base-nossl-debian12", "latest|nonroot")),
        ("cc", ("gcr.io/distroless/cc-debian12", "latest|nonroot")),
    ]
    debug = ("gcr.io/distroless/*", "debug|debug-nonroot")
    for kind, key in kinds:
        libc = d(libc="none") if kind == "static" else d(libc="glibc", libc_version="@")
        name = f"gcr.io/distroless/{kind}"
        yield name, "", "distroless", "latest", key, d(**libc, user="root", workdir="/", **DISTROLESS_ENV)
        yield name, "nonroot", "distroless", "nonroot", nonroot_static if kind == "static" else key, d(**libc, **NONROOT, **DISTROLESS_ENV)
        busybox = dict(DISTROLESS_ENV, env=f"PATH={PATH}:/busybox|SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", entrypoint="/busybox/sh")
        yield name, "debug", "distroless", "debug", debug, d(**libc, shell="/busybox/sh", user="root", workdir="/", **busybox)
        yield name, "debug+nonroot", "distroless", "debug nonroot", debug, d(**libc, shell="/busybox/sh", **NONROOT, **busybox)
    runtimes = ("gcr.io/distroless/python3|java*|nodejs*", "latest|nonroot")
    for kind, entry, shell in [("python3", "/usr/bin/python3", "/bin/sh"), ("java", "/usr/bin/java|-jar", ""), ("nodejs", "/nodejs/bin/node", "")]:
        env = dict(DISTROLESS_ENV, entrypoint=entry, env_complete="")
        name = f"gcr.io/distroless/{kind}"
        yield name, "", "distroless", "latest", runtimes, d(shell=shell, libc_version="@", user="root", workdir="/", by_hand=1, **env)
        yield name, "nonroot", "distroless", "nonroot", runtimes, d(shell=shell, libc_version="@", by_hand=1, **NONROOT, **env)
    yield "cgr.dev/chainguard/static", "", "distroless", "latest glibc", ("cgr.dev/chainguard/static", "latest"), d()
    yield "cgr.dev/chainguard/wolfi-base", "", "wolfi", "latest", ("cgr.dev/chainguard/wolfi-base", "latest"), d(cmd="/bin/sh|-l")

    dotnet = "mcr.microsoft.com/dotnet/runtime-deps|runtime|aspnet"
    app = f"PATH={PATH}|APP_UID[8.0]=1654"
    for image in ("runtime-deps", "runtime", "aspnet"):
        name = f"mcr.microsoft.com/dotnet/{image}"
        yield name, "", "debian", "slim amd64 arm64v8 arm32v7", (dotnet, "*-bookworm-slim (8.0)"), d(libc_version="@", env=app)
        yield name, "alpine", "alpine", "amd64 arm64v8 arm32v7", (dotnet, "*-alpine"), d(libc_version="@", env=app)
        yield name, "azurelinux", "azurelinux", "azurelinux3.0", (dotnet, "*-azurelinux3.0"), d()
        yield name, "chiseled", "distroless", "chiseled extra amd64 arm64v8", (dotnet, "*-chiseled"), d(libc_version="@", tzdata="?", user="1654", env=app, package_manager="", by_hand=1)
    sdk = ("mcr.microsoft.com/dotnet/sdk", "*-noble|*-bookworm-slim")
    yield "mcr.microsoft.com/dotnet/sdk", "", "debian", "slim amd64 arm64v8 arm32v7", sdk, d(libc_version="@")
    yield "mcr.microsoft.com/dotnet/sdk", "alpine", "alpine", "amd64 arm64v8", (dotnet, "*-alpine"), d(libc_version="@", curl="yes", git="yes", ca_certificates="yes", tzdata="?", by_hand=1)
    yield "mcr.microsoft.com/dotnet/sdk", "azurelinux", "azurelinux", "azurelinux3.0 amd64 arm64v8", (dotnet, "*-azurelinux3.0"), d(curl="yes", git="yes", by_hand=1)
    for image in ("servercore", "nanoserver"):
        yield f"mcr.microsoft.com/windows/{image}", "", "windows", "*", (f"mcr.microsoft.com/windows/{image}", "*"), d(
            shell="cmd", libc="windows", ca_certificates="yes", tzdata="yes", cmd="", curl="yes", by_hand=1)

    rh = "registry.access.redhat.com"
    for major, libc in [("8", "2.28"), ("9", "2.34"), ("10", "2.39")]:
        for image, key in [("ubi", "ubi9/ubi"), ("ubi-minimal", "ubi9/ubi-minimal"), ("ubi-micro", "ubi9/ubi-micro")]:
            variant = "9.6" if image == "ubi-micro" else "latest"
            over = {} if major == "9" else d(libc_version=libc, by_hand=1)
            yield f"{rh}/ubi{major}/{image}", "", "rhel", "*", (f"{rh}/{key}", variant), d(**over)
    for version in ("11", "17", "21"):
        yield f"{rh}/ubi8/openjdk-{version}", "", "rhel", "*", (f"{rh}/ubi8/openjdk-*", "11|17|21"), d(user="185", by_hand=1)
    for major in "89":
        yield f"{rh}/ubi{major}/go-toolset", "", "rhel", "*", (f"{rh}/ubi*/go-toolset", "*"), d(libc_version={"8": "2.28", "9": "2.34"}[major], env="", by_hand=1)
    for release, libc in [("6", "2.12"), ("7", "2.17"), ("8", "2.28")]:
        yield "centos", release, "rhel", "centos6 centos7 centos8", ("centos", release), d(**COMPLETE)
    for release, libc in [("stream9", "2.34"), ("stream10", "2.39")]:
        yield "quay.io/centos/centos", release, "rhel", f"{release} minimal development", ("quay.io/centos/centos", "stream9|stream10"), d(libc_version=libc, package_manager="?" , by_hand=1)
    for release, libc in [("8", "2.28"), ("9", "2.34"), ("10", "2.39")]:
        yield "oraclelinux", release, "rhel", "", ("oraclelinux", "8|9|10"), d(libc_version=libc, **COMPLETE)
        yield "oraclelinux", f"{release}-slim", "rhel", "slim", ("oraclelinux", "*-slim"), d(libc_version=libc, package_manager="microdnf", by_hand=1)
        yield "almalinux", release, "rhel", "", ("almalinux", "8|9|10"), d(libc_version=libc, **COMPLETE)
        if release != "10":
            yield "rockylinux", release, "rhel", "", ("rockylinux", "8|9"), d(libc_version=libc, **COMPLETE)
    yield "oraclelinux", "7-slim", "rhel", "slim", ("oraclelinux", "*-slim"), d(libc_version="2.17", package_manager="yum", by_hand=1)
    yield "amazonlinux", "2", "rhel", "", ("amazonlinux", "2"), d(**COMPLETE)
    yield "amazonlinux", "2023", "rhel", "latest", ("amazonlinux", "2023"), d(**COMPLETE)
    yield "fedora", "", "rhel", "latest rawhide", ("fedora", "39-45"), d(libc_version="", by_hand=1)
    yield "mcr.microsoft.com/azurelinux/base/core", "", "azurelinux", "*", ("mcr.microsoft.com/azurelinux/base/core", "3.0|4.0"), d()
    for language in ("python", "nodejs", "java", "ruby"):
        yield f"public.ecr.aws/lambda/{language}", "", "rhel", "*", ("public.ecr.aws/lambda/*", "python|nodejs|java|ruby"), d(
            libc_version="", package_manager="?", cmd="", env="", by_hand=1)
    yield "mambaorg/micromamba", "", "debian", "*", ("mambaorg/micromamba", "*"), d(libc_version="", tzdata="?", user="mambauser", env="", by_hand=1)
    yield "nixos/nix", "", "nix", "*", ("nixos/nix", "latest"), d(cmd="", package_manager="", env="", libc="glibc", by_hand=1)
    yield "nvidia/cuda", "base", "linux", "*", ("nvidia/cuda", "*-base|*-runtime|*-devel"), d(libc_version="", package_manager="?", ca_certificates="?", gcc="no", make="no", env="", by_hand=1)
    yield "nvidia/cuda", "runtime", "linux", "*", ("nvidia/cuda", "*-base|*-runtime|*-devel"), d(libc_version="", package_manager="?", ca_certificates="?", gcc="no", make="no", env="", by_hand=1)
    yield "nvidia/cuda", "devel", "linux", "*", ("nvidia/cuda", "*-base|*-runtime|*-devel"), d(libc_version="", package_manager="?", ca_certificates="yes", gcc="yes", make="yes", env="", by_hand=1)


# Where a source says that it varies, the value is the one that makes no rule speak.
SILENT = {"ca_certificates": "yes", "tzdata": "yes", "curl": "no", "wget": "no", "git": "no", "gcc": "no", "make": "no", "package_manager": ""}


def words(text):
    text = text.strip()
    if text in ("", "none", "empty vector", "empty"):
        return ""
    return "|".join(text.split())


def plain(value, column):
    """One word of the free text of base_facts.csv."""
    value = value.strip()
    if column in ("curl", "wget", "git", "gcc", "make", "ca_certificates", "tzdata", "bash"):
        if value.startswith(("yes", "bundle only", "busybox", "curl.exe", "Windows")):
            return "yes"
        return "no" if value in ("", "no") or value.startswith("no ") else "?"
    if column == "package_manager":
        first = re.split(r"[ (|]", value)[0]
        return "" if first in ("none", "") else first
    if column == "libc":
        first = value.split()[0] if value else "unknown"
        return first if first in ("glibc", "musl", "none") else "unknown"
    if column == "libc_version":
        return value if re.fullmatch(r"[\d.]+", value) else ""
    return value


def make(facts, name, variant, family, tokens, key, over):
    fact = facts[key]
    over = dict(over)
    by_hand = over.pop("by_hand", 0)
    shell = fact["sh"]
    row = dict(
        name=name, variant=variant, family=family, tokens=tokens,
        shell="" if shell.startswith("none") else "/bin/sh",
        user=fact["default_user"].split(" ")[0].split("|")[0] or "root",
        workdir=fact["workdir"].split(" ")[0].split("|")[0],
        entrypoint=words(fact["entrypoint"]), cmd=words(fact["cmd"]),
        env=f"PATH={fact['path_extra']}:{PATH}" if fact["path_extra"].startswith("/") else f"PATH={PATH}",
        env_unknown="", env_complete="no", confidence=fact["confidence"],
        source=fact["source"].replace("\t", " ") + ("; put right by hand" if by_hand else ""), date=DATE,
    )
    for column in COLUMNS:
        if column in fact and column not in row:
            row[column] = plain(fact[column], column)
    row.update(over)
    if by_hand:
        row["confidence"] = "likely"
    for column, value in SILENT.items():
        if row[column] == "?":
            row[column] = value
    row["env_complete"] = "yes" if row["env_complete"] == "yes" else "no"
    for column in ("curl", "wget", "git", "gcc", "make", "bash", "ca_certificates", "tzdata"):
        if row[column] not in ("yes", "no", "@"):
            row[column] = "no"
    return row


def write(path, columns, rows):
    rows.sort()
    keys = [row[:2] for row in rows]
    assert len(keys) == len(set(map(tuple, keys))), "two rows with one key"
    with path.open("w") as file:
        file.write("\t".join(columns) + "\n")
        for row in rows:
            assert not any("\t" in cell or "\n" in cell for cell in row), row
            file.write("\t".join(row) + "\n")
    print(path.name, len(rows), "rows,", path.stat().st_size, "bytes")


def aliases(folder):
    """Patterns that are a fixed prefix or name; the few others are matched by the code (src/model/images.rs)."""
    for row in csv.DictReader((folder / "image_aliases.csv").open()):
        pattern, to = row["pattern"], row["replacement"]
        confidence = "likely" if row["confidence"].startswith("likely") else "seen"
        if not pattern.startswith("^") or re.search(r"@arch|\\\d", to):
            continue
        whole = pattern.endswith("$")
        body = pattern[1 : -1 if whole else None].replace("(library/)?", "")
        # The alternatives of a group become a row each.
        group = re.search(r"\(([^()]*)\)", body)
        texts = [body[: group.start()] + part + body[group.end() :] for part in group[1].split("|")] if group else [body]
        for text in texts:
            text = text.replace("\\.", ".")
            if re.search(r"[\\()\[\]?*+|]", text):
                continue
            yield [text, "name" if whole else "prefix", to, confidence, "image_aliases.csv", DATE]


def main():
    folder = Path(sys.argv[1])
    facts = {(row["family"], row["variant"]): row for row in csv.DictReader((folder / "base_facts.csv").open())}
    tables = Path(__file__).parent.parent
    made = [make(facts, *row) for row in rows()]
    write(tables / "images.tsv", COLUMNS, [[row[column] for column in COLUMNS] for row in made])
    write(tables / "aliases.tsv", ["from", "kind", "to", "confidence", "source", "date"], list(aliases(folder)))


main()
