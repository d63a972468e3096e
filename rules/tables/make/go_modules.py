#!/usr/bin/env python3
"""Rows of go_modules.tsv for modules of which a program of the rewriter's own shows what they need.

    go_modules.py UNLADEN MODULE[@VERSION]…

Each module is fetched by the go command (GOMODCACHE, if set) at its newest version and at those that are named, or at one in
the middle of its history. A program that imports packages of the module and names every exported name of theirs is handed to
`unladen rewrite --module-cache`, which reads all that the program can reach: the module and whatever its packages import. A
package is known when the plan is proved on distroless static and rests on nothing but what a row can say. Where it is not, or
where something could hide from the reader (C code behind a tag, names of login files, shared libraries), it gets no row.

Prints the rows, and on the error output why a package has none.
"""
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ENV = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "1", "GOOS": "linux", "GOARCH": "amd64"}
TODAY = datetime.date.today().isoformat()
MOST_RUNS, MOST_SECONDS = 40, 240
# How the reader tells the needs that a row has a word for.
SLOTS = {
    "root certificates": "certs",
    "time zones": "tz",
    "/tmp": "temp",
    "MIME types": "mime",
    "the user database": "users",
    "the names of services": "services",
}
FINE = re.compile(
    r"the build leaves the program at |the program is static: nothing that is imported needs cgo"
    r"|(?:the program|what was read of the program) (?:reads no files of the image|starts no other program)"
    r"|read in your Go module cache: |what these modules need is known: "
)
# Paths of the system that files which open files name: as `system_strings` in src/rewrite/toolchains/go/foreign.rs.
SYSTEM = re.compile(r'["`](/(?:etc|opt|srv|usr/lib|usr/local/share|usr/share|var/lib)(?:/[^"`\s%:*?{}<>|;,\'$]*)?)[%"`]')
GIVEN = re.compile(r'\b(?:os|ioutil|filepath|fs|unix|syscall)\.\w+\("(/[^"\s%*]+)"')
OF_SLOTS = re.compile(r"^/etc/(?:ssl|pki|ca-certificates)(?:/|$)|zoneinfo|^/etc/localtime$|mime|^/usr/share/ca-certificates|^/(?:proc|sys|dev)(?:/|$)")
# What a program does with these, the plan reads from the names of the packages or from strings, and a row hides them.
SPECIAL = {
    "bgentry/go-netrc": "logs in", "go-git/go-git": "logs in", "jdx/go-netrc": "logs in", "jdxcode/netrc": "logs in",
    "kevinburke/ssh_config": "logs in", "pkg/sftp": "logs in", "golang.org/x/crypto/ssh": "logs in",
    "src-d/go-git": "logs in", "crypto11": "loads libraries", "ebitengine/purego": "loads libraries",
    "godror/godror": "loads libraries", "miekg/pkcs11": "loads libraries", "rainycape/dl": "loads libraries",
    "onnxruntime_go": "loads libraries", "duckdb": "a database in a file", "ramsql": "a database in a file", "mvdan.cc/sh": "a shell",
}
STANDARD = {"debug/buildinfo", "debug/dwarf", "debug/elf", "debug/gosym", "go/build", "go/importer", "plugin"}
ODD = re.compile(r'"(?:GOPATH|GOROOT|GOBIN|GOFLAGS|GOPROXY|GOPRIVATE|GOCACHE|GOMODCACHE|GOLANG_VERSION|CGO_ENABLED)"|"/(?:var/(?!run/|lib/)|home/|root/)|netdns=|[\w)]\.so(?:\.\d+)*"|id_rsa|id_ed25519|\.netrc|known_hosts|git-credentials|\bplugin\.Open\b')
C_CODE = re.compile(r'^\s*(?:import\s+)?"C"\s*$', re.M)
# A file that no build for Linux has, whatever its tags.
APART = re.compile(r"^//(?:go:build|\s*\+build)(?=[^\n]*\b(?<!!)(?:ignore|tools|windows|js|wasm|darwin|ios|android|freebsd|hurd|gccgo|aix|solaris|illumos|appengine)\b)(?![^\n]*\blinux\b)", re.M)
OTHER = re.compile(r"_(?:windows|darwin|freebsd|netbsd|openbsd|dragonfly|solaris|illumos|aix|plan9|js|wasip1|wasm|android|ios|test)(?:_[a-z0-9]+)?\.go$")
# Packages that no program imports.
ASIDE = re.compile(r"/(?:_?examples?|cmd|testdata|e?2?e?tests?|testutils?|testing|mocks?|fakes?|benchmarks?|hack|scripts?|tools)(?:/|$)")
# As in go_paths.py: names of functions that open files.
OPENS = re.compile(
    r"(?:\bos\.(?:Open\w*|ReadFile|ReadDir|L?stat|Stat|Create\w*|Mkdir\w*|WriteFile|DirFS|Readlink|Chdir|StartProcess|UserHomeDir)"
    r"|\bioutil\.(?:Read|Write)\w+|\bfilepath\.(?:Glob|Walk\w*|EvalSymlinks)|\bhttp\.(?:Dir|ServeFile|FileServer)"
    r"|\w*ServeTLS|[\w)]\.Parse(?:Files|Glob)|\btls\.LoadX509KeyPair|\bexec\.(?:Command\w*|LookPath)|\bplugin\.Open"
    r"|\bsyscall\.(?:Open|Exec|ForkExec)|\bunix\.Open\w*|\buser\.(?:Current|Lookup)|\bfs\.(?:Walk|ReadFile|Glob)\w*)\b"
)
# Modules that open nothing by a path which their caller has a say in.
NO_PATHS_OF_CALLERS = ("golang.org/x/sys/", "golang.org/x/net/", "golang.org/x/text/", "golang.org/x/crypto/", "google.golang.org/protobuf/")
DOCKERFILE = "FROM golang:1.26\nWORKDIR /app\nCOPY . .\nRUN go build -o app .\nCMD [\"./app\"]\n"
TABLE = Path(__file__).parent.parent / "go_modules.tsv"


class No(Exception):
    """Why nothing is known of a package."""


class Enough(Exception):
    """The module is too large to be looked at."""


def go(work, *arguments):
    said = subprocess.run(["go", *arguments], cwd=work, env=ENV, capture_output=True, text=True, timeout=500)
    return said.stdout, said.stderr


def of_system(code):
    """Files of the system and accounts that a file of Go may look up; a plan does not tell those that no Dockerfile makes."""
    found = {"accounts"} if re.search(r"\buser\.Lookup", code) else set()
    if re.search(r"\bhttp\.(?:ServeContent|ServeFile|FileServer)|\bmime\.(?:TypeBy|ExtensionsBy)", code):
        found.add("mime")
    if re.search(r'"(?:os|io/ioutil|path/filepath)"', code):
        paths = {path.rstrip("/") for path in SYSTEM.findall(code) + GIVEN.findall(code)}
        found |= {f"data:{path}" for path in paths if not OF_SLOTS.search(path) and len(path) < 100}
    return found


def versions(module, older, work):
    """The newest version, and where `older` one in the middle of its history."""
    out, _ = go(work, "list", "-m", *(["-versions"] if older else []), "-json", f"{module}@latest")
    try:
        found = json.loads(out)
    except ValueError:
        return []
    newest = found["Version"]
    listed = [one for one in found.get("Versions", []) if "-" not in one and one != newest]
    return [newest, *listed[len(listed) // 2 :][:1]]


def packages(root, module):
    """Import paths of the packages that a program can import, with the names that they may export."""
    found = {}
    for folder, folders, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        if inside != "." and "go.mod" in files:
            folders[:] = []
            continue
        folders[:] = sorted(f for f in folders if f not in ("testdata", "vendor", "internal") and f[0] not in "._")
        names, real = set(), False
        for name in sorted(files):
            if not name.endswith(".go") or OTHER.search(name):
                continue
            text = Path(folder, name).read_text(errors="replace")
            head = re.search(r"^package\s+(\w+)", text, re.M)
            if not head or APART.search(text) or head.group(1) == "documentation":
                continue
            real |= head.group(1) != "main"
            names |= set(re.findall(r"(?<![\w.])[A-Z]\w*", re.sub(r"//[^\n]*", "", text)))
        if real:
            found[module if inside == "." else f"{module}/{inside}"] = names
    return found


class Look:
    """A version of a module: its packages, and what the reader says of some of them."""

    def __init__(self, unladen, module, version, work):
        self.unladen, self.module, self.version, self.work, self.runs = unladen, module, version, work, 0
        self.end = time.monotonic() + MOST_SECONDS
        self.opens = set()
        out, err = go(work, "mod", "download", "-json", f"{module}@{version}")
        folder = json.loads(out or "{}").get("Dir")
        if not folder:
            raise No(f"not to be had: {err.strip()[-200:]}")
        self.packages = packages(folder, module)
        self.closure()

    def closure(self):
        """All packages that the module's packages import, with their files and modules."""
        self.write(sorted(self.packages))
        Path(self.work, "go.mod").write_text(f"module look\n\ngo 1.22\n\nrequire {self.module} {self.version}\n")
        out, err = go(self.work, "list", "-e", "-deps", "-json=ImportPath,Dir,Standard,Module,Imports,GoFiles,CgoFiles,Error,DepsErrors,Incomplete", ".")
        decoder, at, self.deps, modules = json.JSONDecoder(), 0, {}, {}
        while at < len(out.rstrip()):
            found, at = decoder.raw_decode(out, at)
            at += 1
            if not found.get("Standard") and found["ImportPath"] != "look":
                self.deps[found["ImportPath"]] = found
                if found.get("Module", {}).get("Version"):
                    modules[found["Module"]["Path"]] = found["Module"]["Version"]
        if modules.get(self.module) != self.version:
            raise No(f"the version that is built is {modules.get(self.module)}: {err.strip()[-200:]}")
        lines = "".join(f"\t{path} {version}\n" for path, version in sorted(modules.items()))
        Path(self.work, "go.mod").write_text(f"module look\n\ngo 1.22\n\nrequire (\n{lines})\n")
        Path(self.work, "Dockerfile").write_text(DOCKERFILE)

    def write(self, paths):
        imports, names = [], []
        for at, path in enumerate(paths):
            imports.append(f'\tp{at} "{path}"\n')
            names += [f"var _ = p{at}.{name}\n" for name in sorted(self.packages[path])]
        Path(self.work, "main.go").write_text(f"package main\n\nimport (\n{''.join(imports)})\n\n{''.join(names)}\nfunc main() {{}}\n")

    def reach(self, paths):
        seen, queue = set(), list(paths)
        while queue:
            path = queue.pop()
            if path in seen or path not in self.deps:
                continue
            seen.add(path)
            queue += self.deps[path].get("Imports", [])
        return seen

    def verdict(self, paths):
        """For each of these packages the words of its row."""
        self.runs += 1
        if self.runs > MOST_RUNS or time.monotonic() > self.end:
            raise Enough("too many packages to look at each")
        reached = self.reach(paths)
        names = set()
        for path in sorted(reached):
            found = self.deps[path]
            if found.get("Error") or found.get("DepsErrors"):
                error = found.get("Error") or found["DepsErrors"][0]
                raise No(f"{path} cannot be built: {error.get('Err', '')[:120]}")
            for name, why in SPECIAL.items():
                if name in path:
                    raise No(f"{why}: {path}")
            if "sqlite" in path and "dialect" not in path and "/atlas/" not in path:
                raise No(f"a database in a file: {path}")
            for name in found.get("Imports", []):
                if name in STANDARD:
                    raise No(f"{path} imports {name}")
            for name in sorted(os.listdir(found["Dir"])):
                if name.endswith((".c", ".cc", ".cpp", ".cxx", ".syso", ".so", ".a")) and found.get("CgoFiles"):
                    raise No(f"{path} has C code: {name}")
                if not name.endswith(".go") or OTHER.search(name):
                    continue
                text = Path(found["Dir"], name).read_text(errors="replace")
                if APART.search(text):
                    continue
                code = re.sub(r"(?<![:\"'`\w/])//[^\n]*", "", text)
                if C_CODE.search(code) and not path.startswith("golang.org/x/"):
                    raise No(f"{path} has C code: {name}")
                if name in found.get("GoFiles", []) or name in found.get("CgoFiles", []):
                    odd = ODD.search(code)
                    if odd:
                        raise No(f"{path}/{name}: {odd.group(0)}")
                    if not path.startswith(NO_PATHS_OF_CALLERS) and OPENS.search(code):
                        self.opens.add(path)
                    names |= of_system(code)
        self.write(paths)
        needs = self.plan(False) | names
        quiet = [path for path in paths if not self.reach([path]) & self.opens]
        if quiet:
            self.write(quiet)
            try:
                self.plan(True)
            except No:
                quiet = []
        return {path: needs | ({"no-paths"} if path in quiet else set()) for path in paths}

    def plan(self, data):
        seed = Path(self.work, "seed.dat")
        seed.write_text("x") if data else seed.unlink(missing_ok=True)
        cache = ENV.get("GOMODCACHE") or subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True).stdout.strip()
        said = subprocess.run(
            [self.unladen, "rewrite", "--no-config", "--format", "json", f"--module-cache={cache}"],
            cwd=self.work, capture_output=True, text=True, timeout=120,
        )
        try:
            result = json.loads(said.stdout)
        except ValueError:
            raise No(f"no plan: {said.stderr.strip()[-120:]}")
        plan = result.get("plan")
        if not plan:
            raise No(f"refused: {(result.get('refusal') or {}).get('message')}")
        needs = set()
        for one in plan["obligations"]:
            text, proved = one["text"], one["proved"]
            place = one.get("file") or {}
            at = f" ({place.get('path')}:{place.get('line')})" if place else ""
            slot = re.match(r"the final image has ([^:]+): ", text)
            if not proved:
                raise No(text + at)
            if slot and slot.group(1) in SLOTS:
                needs.add(SLOTS[slot.group(1)])
            elif not FINE.match(text):
                raise No(text + at)
        if plan["tier"] != "distroless" or not plan["base"].startswith("gcr.io/distroless/static"):
            raise No(f"on {plan['base']}: {plan['why_base']}")
        if len(plan["artifacts"]) != 1:
            raise No(f"copies {plan['artifacts']}")
        return needs

    def tree(self):
        """Import path to its words, or to the reason why there are none."""
        found = {}

        def below(path):
            return [other for other in sorted(self.packages) if other == path or other.startswith(path + "/")]

        def look(path):
            group = below(path)
            if not group:
                return
            try:
                found.update(self.verdict(group))
                return
            except No as no:
                if group == [path] or not [one for one in group if one != path]:
                    found[path] = str(no)
                    return
            if path in self.packages:
                try:
                    found.update(self.verdict([path]))
                except No as no:
                    found[path] = str(no)
            depth = path.count("/") + 1
            for child in sorted({"/".join(one.split("/")[: depth + 1]) for one in group if one != path}):
                look(child)

        look(self.module)
        return found


def union(looks):
    """What holds for each package in all versions."""
    whole = {}
    for found in looks:
        for path, needs in found.items():
            known = whole.get(path)
            if known is None:
                whole[path] = needs if isinstance(needs, str) else set(needs)
            elif isinstance(known, str):
                continue
            elif isinstance(needs, str):
                whole[path] = needs
            else:
                no_paths = {"no-paths"} & known & needs
                whole[path] = (known | needs) - {"no-paths"} | no_paths
    return whole


ORDER = ["certs", "tz", "temp", "users", "mime", "services", "accounts", "no-paths"]


def words(needs):
    known = [word for word in ORDER if word in needs]
    return ",".join(["read", *known, *sorted(needs - set(ORDER))])


def rows(whole, looked):
    for path, needs in sorted(whole.items()):
        if not isinstance(needs, str) and not ASIDE.search(path):
            yield f"{path}\t{words(needs)}\t-\t-\t{TODAY}\t{looked}"


LOCK = threading.Lock()


def one(unladen, module, named):
    looks, looked, first = [], [], {}
    with tempfile.TemporaryDirectory() as work:
        Path(work, "go.mod").write_text("module look\n\ngo 1.22\n")
        wanted = dict.fromkeys([*versions(module, not named, work), *named])
    for version in wanted:
        with tempfile.TemporaryDirectory() as work:
            Path(work, "go.mod").write_text("module look\n\ngo 1.22\n")
            try:
                found = Look(unladen, module, version, work).tree()
            except (No, Enough, subprocess.TimeoutExpired) as no:
                first.setdefault(module, f"{version}: {no}")
                continue
            looks.append(found)
            looked.append(version)
            for path, needs in found.items():
                if isinstance(needs, str):
                    first.setdefault(path, f"{version}: {needs}")
    with LOCK:
        whole = union(looks)
        # A module of which the newest version could not be looked at is not known.
        newest = next(iter(wanted), None)
        if newest in looked:
            for line in rows(whole, f"{module}@{','.join(looked)}"):
                print(line, flush=True)
        for path, why in sorted(first.items()):
            print(f"{path}\t{why}", file=sys.stderr, flush=True)


def main():
    unladen, wanted = os.path.abspath(sys.argv[1]), {}
    for word in sys.argv[2:]:
        module, _, version = word.partition("@")
        wanted.setdefault(module, []).extend([version] if version else [])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one, unladen, module, named) for module, named in wanted.items()]:
            try:
                done.result()
            except Exception as error:  # one module is no reason to stop
                print(f"?\t{error!r}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
