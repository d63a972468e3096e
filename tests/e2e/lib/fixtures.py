"""fixtures/rewrite/go-*: how each case is asked for, started and compared, and which cannot be built without a registry.

Where nothing is said of a case, a program that calls ListenAndServe(":PORT") is asked for `/` on that port, and any
other is run to its end.
"""

import glob
import os
import re
import shutil

# What the tests keep in the folder of a case; the build context of the original has none of it.
OWN = ["options", "plan.txt", "refusal.txt", "rewritten.Dockerfile"]

POINTERS = [r"0x[0-9a-f]+", r"\(0x[^)]*\)", r"\{[^\n]*\}"]
NO_NAME = [r"lookup \S+.*"]  # The C library and Go word it differently that no name server answers.

SPECS = {
    "go-apk-run-time": {"probes": [{"get": "/"}, {"get": "/nothing"}]},
    "go-embed": {"probes": [{"get": "/"}, {"get": "/static/"}, {"get": "/static/index.html"}]},
    "go-bundle-appended": {"mask": POINTERS},
    # What the old base has and the new one lacks is said to be open.
    "go-browses-everything": {"mask": [r"\d+ \(0x[^)]*\)"]},
    "go-current-user-by-number": {"mask": POINTERS},
    "go-joins-below-root": {"mask": POINTERS},
    "go-linked-data": {"mask": POINTERS},
    "go-linker-sets-path": {"mask": POINTERS},
    "go-opens-repository": {"mask": POINTERS},
    "go-reads-testdata": {"mask": POINTERS},
    "go-reads-base-variables": {"mask": [r"[\d.]* (?=/go)"]},
    "go-reads-toolchain": {"mask": [r"\d+ \((0x|<masked>)[^)]*\)"]},
    "go-reads-what-it-is-told": {"mask": POINTERS},
    "go-resolver-in-go-mod": {"mask": POINTERS},
    "go-resolver-in-goflags": {"mask": POINTERS},
    "go-resolver-in-main": {"mask": POINTERS},
    "go-resolver-in-script": {"mask": POINTERS},
    "go-service-name": {"mask": POINTERS},
    "go-vendored-reads-fonts": {"mask": POINTERS},
    "go-vendored-starts-computed": {"mask": POINTERS},
    "go-vendored-starts-installed": {"mask": POINTERS},
    "go-vendored-starts-named": {"mask": POINTERS},
    "go-watched-file": {"mask": POINTERS},
    "go-cgo-reads-file": {"mask": POINTERS},
    "go-computed-path": {"mode": "run", "runs": [{}, {"env": {"CONFIG": "/app/config.yaml"}}]},
    "go-env-build-only": {"mask": POINTERS},
    "go-ldflags-variable": {"build_args": {"LDFLAGS": "-s"}},
    "go-user-current": {"mask": [r"user: .*"]},  # Both fail; the C library and Go say it in other words.
    "go-gorm-sqlite": {"mask": POINTERS},
    "go-https-scratch": {"mask": NO_NAME},
    "go-own-ca": {"mask": NO_NAME},
    "go-local-time": {"mask": [r"\d\d:\d\d:\d\d\.\d+", r"m=\+\S+"]},
    # The list of / lacks what the plan says is lost: it stands there as an open obligation.
    "go-serves-root": {"probes": [{"get": "/etc/debian_version"}, {"get": "/etc/ssl/certs/"}, {"get": "/nothing"}]},
    "go-plugin": {"mask": POINTERS},
    "go-pure-sqlite": {"mask": POINTERS},
    "go-sqlite3": {"mask": POINTERS},
    "go-shell-form-port": {"env": {"PORT": "8080"}},
    "go-temp-file-scratch": {"mask": [r"/tmp/x\d+", *POINTERS]},
    "go-started-by-shell-text": {"mask": [r'"(git|jq)"']},  # Both ends of a pipe complain, in any order.
    "go-unread-module-headers": {"mode": "run"},
}

# Why the original cannot be built here. Checked: it must fail indeed, and a case that is not in this table must not.
# What begins with `perhaps` depends on the machine and may build elsewhere.
UNBUILDABLE = {
    "go-cgo-only-in-tests": "Go takes no cgo in test files: `use of cgo in test c_test.go not supported`",
    "go-alpine-tag-before-modules": "perhaps: builds without go.mod, which takes a Go before 1.16",
    "go-main-go-without-context": "the folder has no program",
    "go-cloned-data": "clones a repository that does not exist",
    "go-front-end-in-field": "runs `npm ci` in a folder without packages",
    "go-generate-only-go": "perhaps: fetches stringer, which may want a newer Go",
    "go-swagger-package-made": "perhaps: fetches swag, which may want another Go",
    "go-replaced-module": "a module is replaced by one that does not exist",
    "go-front-end-built": "runs `npm ci` in a folder without packages",
    "go-program-of-other-image": "copies from an image of ghcr.io, and no registry is asked here",
    "go-no-workdir-without-context": "the folder has no program",
    "go-env-names-installed": "the folder has no program, and the file fetches one from example.com",
    "go-fetched-tool": "fetches a tool from example.test, which does not exist",
    "go-kafka-musl": "wants a C compiler and librdkafka from Alpine, whose packages are not here",
    "go-stage-name-taken": "copies from an image named `build`, which does not exist",
    "go-unknown-run-with-context": "runs `frobnicate`, which does not exist: what an unknown command may do is the point",
    "go-unused-tool": "perhaps: tools of 2024, which the module proxy may not have and a newer Go may not compile",
    "go-account-tools-of-package": "perhaps: wants useradd of Alpine, whose packages are not here",
    "go-archive-fetched-then-unpacked": "fetches an archive from x.y, which does not exist",
    "go-archive-names-program": "perhaps: fetches an archive that may be gone",
    "go-archive-of-programs": "perhaps: fetches a program from GitHub with the TLS of a busybox",
    "go-data-from-network": "fetches data from mirrors.x, which does not exist",
    "go-download-into-directory": "fetches data from x.example, which does not exist",
    "go-downloads-several": "fetches data from x, which does not exist",
    "go-fetched-after-the-build": "perhaps: fetches certificates of Amazon",
    "go-fetched-and-unpacked": "fetches a file from x.y, which does not exist",
    "go-fonts-copied": "perhaps: wants fc-cache of Alpine, whose packages are not here",
    "go-install-asks": "installs by way of a proxy that does not exist",
    "go-install-by-proxy": "installs by way of a proxy that does not exist",
    "go-known-hosts": "perhaps: asks github.com for its key",
    "go-loop-writes": "fetches data from x, which does not exist",
    "go-made-and-perhaps-removed": "perhaps: wants git of Alpine, whose packages are not here",
    "go-makefile-name-given": "perhaps: wants make of Alpine, whose packages are not here",
    "go-makefile-pattern": "perhaps: wants make of Alpine, whose packages are not here",
    "go-pages-of-other-image": "perhaps: copies from an image of Docker Hub, and no registry is asked here",
    "go-probe-of-other-image": "perhaps: copies from an image of ghcr.io, and no registry is asked here",
    "go-starts-npm": "perhaps: wants npm of Alpine, whose packages are not here",
    "go-themes-from-repository": "clones a repository that does not exist",
    "go-tini-added": "perhaps: fetches a program by ADD, and the daemon's proxy leads nowhere here",
    "go-viper-expands-gopath": "builds without modules, and no viper is in GOPATH",
    "go-wrapper-compiled": "fetches a source from x, which does not exist",
    "go-zone-by-setup": "perhaps: wants setup-timezone of Alpine, whose packages are not here",
    "go-upx": "perhaps: upx-ucl is not in Debian 12, which the stand-in is made of",
}

# For `.ci/run`: one case for each way to a base, to files, to a user and to a command, all without any download.
CHOSEN = [
    "go-cgi",
    "go-cgo-own-code",
    "go-config-in-etc",
    "go-embed",
    "go-install-bare-command",
    "go-link-of-program",
    "go-open-directory",
    "go-reads-own-symbols",
    "go-script-exec",
    "go-script-reads-files",
    "go-templates",
    "go-temp-file-scratch",
    "go-time-zone",
    "go-two-programs",
    "go-umask",
    "go-user-made",
]


def converts(folder):
    return os.path.exists(os.path.join(folder, "rewritten.Dockerfile"))


def spec_of(folder):
    """The spec of a case in the form of a spec.json, with what only fixtures have: `flags`, `blind`, `expected`."""
    name = os.path.basename(folder)
    with_options = os.path.join(folder, "options")
    words = open(with_options).read().split() if os.path.exists(with_options) else []
    flags = [f"--{word}" for word in words if "=" in word]  # The base, and facts that are stated.
    if "strip" not in words:
        flags.append("--no-strip")
    if "debug-stage" in words:
        flags.append("--debug-stage")
    spec = {"timeout": 5, "wait": 8, "flags": flags, "blind": "no-context" in words, "fixture": True}
    expected = os.path.join(folder, "rewritten.Dockerfile")
    spec["expected"] = expected if os.path.exists(expected) else None
    spec["refused"] = spec["expected"] is None
    spec["unbuildable"] = UNBUILDABLE.get(name)
    port = _port(folder)
    spec |= {"mode": "http", "port": port} if port else {"mode": "run"}
    return spec | SPECS.get(name, {})


def _port(folder):
    for path in glob.glob(f"{folder}/**/*.go", recursive=True):
        found = re.search(r'ListenAndServe\(":(\d+)"', open(path).read())
        if found:
            return int(found[1])
    return None


def context_of(folder, place):
    """A copy of the case without what the tests keep in it."""
    copy = os.path.join(place, "context")
    shutil.copytree(folder, copy, symlinks=True, ignore=lambda _, names: [name for name in names if name in OWN])
    return copy


def wrong_names(root):
    """Names in the tables above that no case has, or that are refused."""
    said = [*SPECS, *UNBUILDABLE, *CHOSEN]
    return [name for name in said if not converts(os.path.join(root, "fixtures/rewrite", name))]
