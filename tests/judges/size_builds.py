#!/usr/bin/env python3
"""Builds Dockerfiles with and without each size fix and writes what the fix saved, beside what was predicted, into
size_builds.tsv: the ground truth that sizes.py compares with. Needs an engine ($DOCKER_HOST) that has the base images and
reaches Debian's packages; builds run one at a time and leave no image behind.

    tests/judges/size_builds.py [--binary target/debug/unladen] [--docker /usr/bin/docker] [CASE ...]
    tests/judges/size_builds.py --predict     no engine: the predictions of today's model beside what was measured
"""
import argparse, csv, datetime, json, os, subprocess, tempfile
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--binary", default="target/debug/unladen")
parser.add_argument("--docker", default="/usr/bin/docker")
parser.add_argument("--out", default=Path(__file__).with_name("size_builds.tsv"), type=Path)
parser.add_argument("--predict", action="store_true")
parser.add_argument("cases", nargs="*")
args = parser.parse_args()
binary = str(Path(args.binary).resolve())
out = args.out

UPDATE = "apt-get update && "
LISTS = " && rm -rf /var/lib/apt/lists/*"
COPIED = "FROM {}\nCOPY . /app\n{}CMD [\"sh\"]\n"
MAIN = "package main\n\nfunc main() { println(\"hello\") }\n"
WEB = ("package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n)\n\nfunc main() {\n\thttp.HandleFunc(\"/\", func(w http.ResponseWriter, r *http.Request) "
       "{ fmt.Fprintln(w, \"hello\") })\n\thttp.ListenAndServe(\":8080\", nil)\n}\n")
TOOL = ("package main\n\nimport (\n\t\"compress/gzip\"\n\t\"crypto/sha256\"\n\t\"encoding/json\"\n\t\"io\"\n\t\"os\"\n\t\"text/template\"\n)\n\n"
        "func main() {\n\th := sha256.New()\n\tio.Copy(h, os.Stdin)\n\tjson.NewEncoder(gzip.NewWriter(os.Stdout)).Encode(h.Sum(nil))\n"
        "\ttemplate.Must(template.New(\"x\").Parse(\"x\")).Execute(os.Stdout, nil)\n}\n")
GO_MOD = "module example.test/app\n\ngo 1.21\n"
CMD = 'CMD ["sh"]\n'


def go(base, program=MAIN, build="go build -o /app/server .", more="", **files):
    text = f"FROM {base}\nWORKDIR /app\nCOPY . .\n{more}RUN {build}\nCMD [\"/app/server\"]\n"
    return text, {"main.go": program, "go.mod": GO_MOD, ".dockerignore": "Dockerfile\n", **files}


def apt(base, packages, flag="--no-install-recommends ", lists=LISTS, then=""):
    return f"FROM {base}\nRUN {UPDATE}apt-get install -y {flag}{packages}{lists}\n{then}{CMD}", {}


SLIM, FULL = "debian:bookworm-slim", "debian:bookworm"
# Files that do not compress and are not alike.
NOISE = {name: bytes((7 * at * at + at // 251) % 256 for at in range(count)) for name, count in [("half", 500_000), ("two", 2_000_000)]}
TREE = {f"data/{at}.bin": bytes([at]) + NOISE["two"] for at in range(12)}
CASES = {
    # name: (rules to fix, `rewrite`, `ignore FILES` for a .dockerignore or `from BASE`; Dockerfile, files)
    **{f"lists-{name}": ("apt-lists-left", *apt(base, packages, lists="")) for name, base, packages in [
        ("curl", SLIM, "curl"), ("git", FULL, "git"), ("jq", SLIM, "jq"), ("procps", FULL, "procps"), ("nginx", SLIM, "nginx")]},
    "lists-buildpack": ("apt-lists-left", *apt("buildpack-deps:bookworm-scm", "file", lists="")),
    "lists-go": ("apt-lists-left", *apt("golang:1.27", "protobuf-compiler", lists="")),
    **{f"recommends-{name}": ("apt-no-install-recommends", *apt(base, packages, flag="")) for name, base, packages in [
        ("curl", SLIM, "curl"), ("git", SLIM, "git"), ("wget", SLIM, "wget"), ("gnupg", SLIM, "gnupg"), ("imagemagick", SLIM, "imagemagick"),
        ("nginx", FULL, "nginx"), ("openssh-client", FULL, "openssh-client"), ("graphviz", SLIM, "graphviz"), ("vim", SLIM, "vim"),
        ("python3", FULL, "python3 python3-venv"), ("redis", SLIM, "redis-server"), ("rsync", FULL, "rsync"), ("sqlite3", SLIM, "sqlite3"),
        ("tmux", FULL, "tmux"), ("in-golang", "golang:1.27", "graphviz")]},
    "both-git": ("apt-lists-left,apt-no-install-recommends", *apt(SLIM, "git", flag="", lists="")),
    "both-imagemagick": ("apt-lists-left,apt-no-install-recommends", *apt(FULL, "imagemagick", flag="", lists="")),
    "merge-lists": ("unmerged-run", f"FROM {SLIM}\nRUN apt-get update\nRUN apt-get install -y --no-install-recommends curl\nRUN rm -rf /var/lib/apt/lists/*\n{CMD}", {}),
    "merge-purge": ("unmerged-run", f"FROM {SLIM}\nRUN {UPDATE}apt-get install -y --no-install-recommends gcc libc6-dev\nRUN apt-get purge -y --auto-remove gcc libc6-dev{LISTS}\n{CMD}", {}),
    "owner-of-copied": ("changed-after-copy", COPIED.format(SLIM, "RUN chown -R 1000:1000 /app\n"), TREE),
    "git-in-context": ("ignore .git", COPIED.format(SLIM, ""), {".git/HEAD": "ref: refs/heads/main\n", **{f".git/objects/{at:02x}/pack": NOISE["half"] + bytes([at]) for at in range(60)}}),
    "modules-in-context": ("ignore node_modules", COPIED.format(SLIM, ""), {"app.js": "1", **{f"node_modules/p{at}/index.js": NOISE["half"][:20_000] for at in range(1500)}}),
    "slim-git": (f"from {SLIM}", *apt(FULL, "git")),
    "slim-python3": (f"from {SLIM}", *apt(FULL, "python3-pip")),
    # Not with pip: the index that is at hand here forbids what pip would keep.
    **{f"npm-{name}": ("npm-cache-left", f"FROM node:22-slim\nWORKDIR /app\nRUN npm install {packages}\n{CMD}", {}) for name, packages in [("express", "express"), ("react", "react react-dom"), ("typescript", "typescript")]},
    "cache-hello": ("go-cache-left", *go("golang:1.27")),
    "cache-web": ("go-cache-left", *go("golang:1.27", WEB)),
    "cache-tool": ("go-cache-left", *go("golang:1.21", TOOL)),
    "strip-hello": ("unstripped-go-binary", *go("golang:1.27")),
    "strip-web": ("unstripped-go-binary", *go("golang:1.27", WEB)),
    "strip-tool": ("unstripped-go-binary", *go("golang:1.27-alpine", TOOL)),
    "rewrite-hello": ("rewrite", *go("golang:1.27")),
    "rewrite-web": ("rewrite", *go("golang:1.27", WEB)),
    "rewrite-tool-alpine": ("rewrite", *go("golang:1.27-alpine", TOOL)),
    "rewrite-1.21": ("rewrite", *go("golang:1.21", WEB)),
    "rewrite-with-apt": ("rewrite", *go("golang:1.27", WEB, more=f"RUN {UPDATE}apt-get install -y graphviz\n")),
    "rewrite-data": ("rewrite", *go("golang:1.27", WEB, **{"data.bin": "x" * 30_000_000})),
}


def size(file):
    done = subprocess.run([binary, "size", "--no-config", "--format", "json", str(file)], capture_output=True, text=True)
    return json.loads(done.stdout)["image"]["likely"]


# The official images of Debian keep the package lists packed and without translations. Stand-ins may lack the files that
# say so.
PACKED = ("RUN test ! -d /etc/apt/apt.conf.d || printf 'Acquire::GzipIndexes \"true\";\\nAcquire::CompressionTypes::Order:: \"gz\";\\nAcquire::Languages \"none\";\\n' "
          "> /etc/apt/apt.conf.d/docker-gzip-indexes\n")


def built(folder, tag):
    file = Path(folder) / "Dockerfile"
    text = file.read_text()
    head, rest = text.split("\n", 1)
    file.write_text(f"{head}\n{PACKED}{rest}")
    try:
        return really_built(folder, tag)
    finally:
        file.write_text(text)


def really_built(folder, tag):
    build = ["nice", args.docker, "build", "-q", "--network", "host", "-t", tag, str(folder)]
    done = subprocess.run(build, capture_output=True, text=True, env={**os.environ, "DOCKER_BUILDKIT": "1"})
    if done.returncode:
        raise RuntimeError(done.stderr[-600:])
    said = subprocess.run([args.docker, "image", "inspect", "-f", "{{.Size}}", tag], capture_output=True, text=True)
    subprocess.run([args.docker, "rmi", "-f", tag], capture_output=True)
    return int(said.stdout)


def measured():
    said = subprocess.run([args.docker, "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True)
    return dict(date=datetime.date.today().isoformat(), engine=f"docker {said.stdout.strip().split('+')[0]}")


rows = {}
if out.exists():
    rows = {row["case"]: row for row in csv.DictReader(open(out), delimiter="\t")}
for name, (rules, text, files) in CASES.items():
    if args.cases and name not in args.cases:
        continue
    with tempfile.TemporaryDirectory(prefix="unladen-size-") as folder:
        file = Path(folder) / "Dockerfile"
        for path, content in files.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        file.write_text(text)
        before = size(file)
        if args.predict and name not in rows:
            continue
        fix = ["rewrite", "--write", "--no-config"] if rules == "rewrite" else ["check", "--no-config", "--fix=edits", "--unsafe-fixes", "-q", "--select", rules]
        tag = f"unladen-size:{name.lower()}"
        try:
            real = 0 if args.predict else built(folder, tag)
            changed = False
            if rules.startswith("ignore "):
                (Path(folder) / ".dockerignore").write_text(rules.split(" ", 1)[1] + "\n")
                changed = True
            elif rules.startswith("from "):
                file.write_text(f"FROM {rules[5:]}\n{text.split(chr(10), 1)[1]}")
            else:
                subprocess.run([binary, *fix, str(file)], capture_output=True, text=True)
            if file.read_text() == text and not changed:
                print(name, "no fix")
                continue
            predicted = before - size(file)
            real = int(rows[name]["real"]) if args.predict else real - built(folder, tag)
        except RuntimeError as error:
            print(name, "not built:", error)
            continue
        when = {key: rows[name][key] for key in ("date", "engine")} if args.predict else measured()
        rows[name] = dict(case=name, change=rules, predicted=predicted, real=real, **when)
        print(f"{name:26} predicted {predicted / 1e6:8.1f} real {real / 1e6:8.1f}", flush=True)
        with open(out, "w") as table:
            writer = csv.DictWriter(table, ["case", "change", "predicted", "real", "date", "engine"], delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[key] for key in sorted(rows))
