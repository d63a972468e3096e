#!/usr/bin/env python3
"""Runs the built binary over ../shared/corpus as a user would: check, then every fix, then every fix again.

Prints what it sees and exits 1 when a run panics, a file that BuildKit accepts has a syntax error, a second run
changes something, a comment is lost, or BuildKit's own parser (tests/oracle, where Go is at hand) refuses a result.

With --hadolint it also asks hadolint before and after: it must find fewer problems, and in no file more of a code.

    tests/judges/corpus.py [--binary target/release/unladen] [--shared ../shared] [--safe] [--edits] [--keep DIR]
        [--hadolint hadolint] [--cache FILE]
"""
import argparse, collections, gzip, json, re, shutil, subprocess, sys, tempfile, time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--binary", default="target/release/unladen")
parser.add_argument("--shared", default="../shared")
parser.add_argument("--safe", action="store_true", help="safe fixes only")
parser.add_argument("--edits", action="store_true", help="no rewrites into stages")
parser.add_argument("--hadolint", help="hadolint's program")
parser.add_argument("--cache", help="keep hadolint's findings of the files as they are in this file")
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


def hadolint(names):
    """Findings of hadolint by (file, code), with the first message of each."""
    found, said = collections.Counter(), {}
    names = sorted(names)
    for at in range(0, len(names), 200):
        files = [f"{name}/Dockerfile" for name in names[at : at + 200]]
        command = [args.hadolint, "--no-fail", "-f", "json", *files]
        for row in json.loads(subprocess.run(command, cwd=root, capture_output=True, text=True).stdout):
            key = f"{Path(row['file']).parent.name} {row['code']}"
            found[key] += 1
            said.setdefault(key, f"line {row['line']}: {row['message']}")
    return found, said


def compare_hadolint(changed):
    cache = Path(args.cache) if args.cache else None
    if cache and cache.exists():
        was = collections.Counter(json.loads(cache.read_text()))
    else:
        now = texts()
        for name, text in before.items():
            (root / name / "Dockerfile").write_bytes(text)
        was, _ = hadolint(before)
        for name, text in now.items():
            (root / name / "Dockerfile").write_bytes(text)
        if cache:
            cache.write_text(json.dumps(was))
    # A file that hadolint could not parse before has no findings to compare with.
    unread = {key.split()[0] for key in was if key.endswith(" DL1000")}
    repaired = unread & set(changed)
    changed = [name for name in changed if name not in unread]
    left, said = hadolint(changed)
    was = collections.Counter({key: count for key, count in was.items() if key.split()[0] in changed})
    print(f"hadolint could not parse {len(repaired)} of the changed files before")
    print(f"hadolint finds {sum(was.values())} problems in the other changed files before and {sum(left.values())} after")
    gone, new = was - left, left - was
    by_code = lambda counter: collections.Counter(code for key in counter.elements() for code in key.split()[1:])
    print("  gone:", ", ".join(f"{code} {count}" for code, count in by_code(gone).most_common()))
    print("  new:", ", ".join(f"{code} {count}" for code, count in by_code(new).most_common()) or "none")
    wrong["hadolint finds more than before"] = [f"{key}: {said[key]}" for key in new]
    if sum(left.values()) >= sum(was.values()):
        wrong["hadolint finds no fewer problems"] = [f"{sum(left.values())}"]


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
flags = ["--fix=edits" if args.edits else "--fix"] + ([] if args.safe else ["--unsafe-fixes"])
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

if args.hadolint:
    compare_hadolint(changed)

failed = False
for what, names in wrong.items():
    if names:
        failed = failed or "not counted" not in what
        print(f"{what}: {len(names)}: {'; '.join(map(str, names[:12]))}")
sys.exit(failed)
