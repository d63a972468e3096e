#!/usr/bin/env python3
"""Runs the built binary over ../shared/corpus as a user would: check, then every fix, then every fix again.

Prints what it sees and exits 1 when a run panics, a file that BuildKit accepts has a syntax error, a second run
changes something, a comment is lost, or BuildKit's own parser (tests/oracle, where Go is at hand) refuses a result.

    tests/judges/corpus.py [--binary target/release/unladen] [--shared ../shared] [--safe] [--keep DIR]
"""
import argparse, collections, gzip, json, re, shutil, subprocess, sys, tempfile, time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--binary", default="target/release/unladen")
parser.add_argument("--shared", default="../shared")
parser.add_argument("--safe", action="store_true", help="safe fixes only")
parser.add_argument("--keep", help="leave the fixed files in this directory")
args = parser.parse_args()

binary = str(Path(args.binary).resolve())
corpus = [json.loads(line) for line in gzip.open(Path(args.shared) / "corpus/dockerfiles.jsonl.gz")]
verdicts = dict(line.split("\t")[:2] for line in open(Path(args.shared) / "corpus/buildkit_verdicts.tsv"))
root = Path(args.keep or tempfile.mkdtemp(prefix="unladen-corpus-"))
shutil.rmtree(root, ignore_errors=True)
for entry in corpus:
    (root / entry["id"]).mkdir(parents=True)
    (root / entry["id"] / "Dockerfile").write_bytes(entry["text"].encode())

wrong = collections.defaultdict(list)


def run(*arguments):
    start = time.time()
    done = subprocess.run([binary, *arguments, str(root)], capture_output=True, text=True)
    if "panicked" in done.stderr or "internal error" in done.stderr or done.returncode not in (0, 1):
        wrong["run failed"].append(f"{arguments}: exit {done.returncode}: {done.stderr[:500]}")
    return done.stdout, time.time() - start


def texts():
    return {entry["id"]: (root / entry["id"] / "Dockerfile").read_bytes() for entry in corpus}


def oracle(files):
    """BuildKit's verdict: id -> error or None; None where it cannot be run."""
    folder = Path(__file__).resolve().parent.parent / "oracle"
    if not shutil.which("go") or not (folder / "main.go").exists():
        return None
    program = tempfile.mktemp(prefix="unladen-oracle-")
    if subprocess.run(["go", "build", "-o", program, "."], cwd=folder).returncode != 0:
        return None
    lines = "".join(json.dumps({"id": name, "text": text.decode("utf-8", "replace")}) + "\n" for name, text in files.items())
    done = subprocess.run([program], input=lines, capture_output=True, text=True)
    return {row["id"]: row.get("error") or None for row in map(json.loads, done.stdout.splitlines())}


def comments(text):
    return collections.Counter(
        line.strip() for line in text.decode("utf-8", "replace").splitlines() if re.match(r"\s*#", line)
    )


report, seconds = run("check", "--format", "json", "--fail-on", "none", "--no-config")
report = json.loads(report)
rules, applicability = collections.Counter(), collections.Counter()
for file in report["files"]:
    name = Path(file["path"]).parent.name
    if file["errors"] and verdicts.get(name) == "ok":
        wrong["error on a file that BuildKit accepts"].append(f"{name}: {file['errors'][0]['message']}")
    if not file["errors"] and verdicts.get(name) not in ("ok", None):
        wrong["no error on a file that BuildKit refuses (not counted)"].append(name)
    for finding in file["diagnostics"]:
        rules[finding["rule"]] += 1
        if finding["fix"]:
            applicability[finding["rule"], finding["fix"]["applicability"], finding["fix"]["kind"]] += 1
print(f"check: {len(report['files'])} files, {sum(rules.values())} findings, {seconds:.2f} s")
for rule, count in rules.most_common():
    fixes = ", ".join(f"{n} {how} {kind}" for (name, how, kind), n in applicability.items() if name == rule)
    print(f"  {count:6} {rule}  {fixes}")

before = texts()
flags = ["--fix"] if args.safe else ["--fix", "--unsafe-fixes"]
_, seconds = run("check", *flags, "--fail-on", "none", "--no-config")
once = texts()
run("check", *flags, "--fail-on", "none", "--no-config")
twice = texts()
changed = [name for name in before if before[name] != once[name]]
print(f"{' '.join(flags)}: {len(changed)} files changed, {seconds:.2f} s; kept in {root}")
wrong["a second run changes the file"] = [name for name in once if once[name] != twice[name]]
wrong["a comment is lost"] = [name for name in changed if comments(before[name]) - comments(once[name])]
verdict = oracle({name: once[name] for name in changed})
was = oracle({name: before[name] for name in changed})
if verdict is None:
    print("BuildKit's parser was not asked: no Go, or its module cannot be had")
else:
    wrong["BuildKit refuses the result"] = [
        f"{name}: {verdict[name]}" for name in changed if verdict.get(name) and not was.get(name)
    ]

failed = False
for what, names in wrong.items():
    if names:
        failed = failed or "not counted" not in what
        print(f"{what}: {len(names)}: {'; '.join(map(str, names[:12]))}")
sys.exit(failed)
