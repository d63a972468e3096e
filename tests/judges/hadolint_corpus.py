#!/usr/bin/env python3
"""How far `unladen check --profile hadolint` finds on ../shared/corpus what the real hadolint finds there.

Both look at every file of the corpus. A finding is a file, a code and the instruction that it stands in (hadolint only
knows its first line); files that hadolint cannot parse are left out. Prints for each code the findings of both sides,
precision and recall; a star marks a code with 20 findings or more of which one is below 0.97.

    python3 tests/judges/hadolint_corpus.py [--shared ../shared] [--hadolint hadolint]
        [--show CODE] [--count 20] [--lines 25] [--seed 1] [--sc]

`--show` prints a random choice of the instructions on which the two differ.
"""
import argparse, collections, gzip, json, os, random, re, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser()
parser.add_argument("--shared", default=os.environ.get("UNLADEN_SHARED", str(ROOT.parent / "shared")))
parser.add_argument("--binary", default=os.environ.get("UNLADEN", str(ROOT / "target/debug/unladen")))
parser.add_argument("--hadolint", default="hadolint")
parser.add_argument("--cache", help="keep hadolint's answer in this file, and take it from there")
parser.add_argument("--show", action="append", default=[], help="a code whose differences are printed")
parser.add_argument("--count", type=int, default=20)
parser.add_argument("--lines", type=int, default=25, help="of each, at most")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--sc", action="store_true", help="ShellCheck's codes too")
args = parser.parse_args()

path = Path(args.shared, "corpus/dockerfiles.jsonl.gz")
if not path.exists() or not shutil.which(args.hadolint):
    print(f"skipped: {path} or {args.hadolint} is not there")
    sys.exit()
corpus = {entry["id"]: entry for entry in map(json.loads, gzip.open(path, "rt"))}
CONFIG = {"override": {"info": ["DL1001", "DL3057"]}}


def instructions(text):
    """For each line the first line of the instruction that it belongs to."""
    escape = "\\"
    found = re.match(r"(?:#.*\n)*?#\s*escape\s*=\s*(\S)", text)
    if found:
        escape = found.group(1)
    first, start, heredocs = {}, None, []
    for number, line in enumerate(text.split("\n"), 1):
        if heredocs:
            first[number] = start
            dash, word = heredocs[0]
            if (line.rstrip("\r").lstrip("\t") if dash else line.rstrip("\r")) == word:
                heredocs.pop(0)
                start = start if heredocs else None
            continue
        if start is None and (not line.strip() or line.lstrip().startswith("#")):
            first[number] = number
            continue
        if start is None:
            start, words = number, ""
        first[number] = start
        if line.lstrip().startswith("#") or not line.strip():
            continue
        words += line
        if line.rstrip().endswith(escape):
            continue
        if re.match(r"\s*(ONBUILD\s+)?(RUN|COPY|ADD)\b", words, re.I):
            heredocs = re.findall(r"<<(-?)[\"']?([A-Za-z0-9_.]+)[\"']?", words)
        if not heredocs:
            start = None
    return first


def findings(command, root):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{command[:6]}: {done.stderr[:1000]}")


def run():
    with tempfile.TemporaryDirectory(prefix="unladen-hadolint-") as root:
        for name, entry in corpus.items():
            Path(root, name).mkdir()
            Path(root, name, "Dockerfile").write_bytes(entry["text"].encode())
        # JSON is YAML.
        Path(root, ".hadolint.yaml").write_text(json.dumps(CONFIG))
        ours = findings(
            [args.binary, "check", "--format", "hadolint", "--profile", "hadolint", "--config", ".hadolint.yaml", "."], root
        )
        if args.cache and Path(args.cache).exists():
            return json.loads(Path(args.cache).read_text()), ours
        names, theirs = sorted(corpus), []
        for at in range(0, len(names), 200):
            files = [f"{name}/Dockerfile" for name in names[at : at + 200]]
            theirs += findings([args.hadolint, "--no-fail", "-f", "json", *files], root)
        if args.cache:
            Path(args.cache).write_text(json.dumps(theirs))
        return theirs, ours


def places(found, lines):
    result = collections.defaultdict(set)
    for finding in found:
        name = Path(finding["file"]).parent.name
        line = lines[name].get(finding["line"], finding["line"])
        result[finding["code"]].add((name, line))
    return result


theirs, ours = run()
lines = {name: instructions(entry["text"]) for name, entry in corpus.items()}
unread = {Path(finding["file"]).parent.name for finding in theirs if finding["code"] == "DL1000"}
theirs, ours = places(theirs, lines), places(ours, lines)
print(f"{len(corpus)} files, {len(unread)} of them not read by hadolint")
print("code     theirs   ours   both  precision recall")
total = collections.Counter()
wanted = ("DL", "SC") if args.sc else ("DL",)
for code in sorted(set(theirs) | set(ours)):
    if not code.startswith(wanted) or code == "DL1000":
        continue
    a, b = ({place for place in side.get(code, ()) if place[0] not in unread} for side in (theirs, ours))
    both = len(a & b)
    precision, recall = both / max(1, len(b)), both / max(1, len(a))
    low = " *" if len(a) >= 20 and min(precision, recall) < 0.97 else ""
    print(f"{code:8} {len(a):6} {len(b):6} {both:6}  {precision:9.3f} {recall:6.3f}{low}")
    total.update(theirs=len(a), ours=len(b), both=both)
print(f"{'all':8} {total['theirs']:6} {total['ours']:6} {total['both']:6}")


def show(code):
    a, b = ({place for place in side.get(code, ()) if place[0] not in unread} for side in (theirs, ours))
    chosen = random.Random(args.seed)
    for title, places in (("only hadolint", a - b), ("only unladen", b - a)):
        places = sorted(places)
        print(f"\n== {code}: {title}: {len(places)}")
        chosen.shuffle(places)
        # One of each repository first.
        seen = collections.Counter()
        order = []
        for place in places:
            repository = corpus[place[0]]["repo"]
            order.append((seen[repository], place))
            seen[repository] += 1
        order.sort(key=lambda entry: entry[0])
        for _, (name, line) in order[: args.count]:
            text = corpus[name]["text"].split("\n")
            last = max((number for number, start in lines[name].items() if start == line), default=line)
            early = any(row.upper().startswith("FROM ") and lines[name].get(number) == number
                        for number, row in enumerate(text, 1) if number > line)  # fmt: skip
            print(f"-- {name}:{line} ({corpus[name]['repo']} {corpus[name]['path']}){' not in the last stage' if early else ''}")
            print("\n".join(f"   {row[:160]}" for row in text[line - 1 : min(last, line - 1 + args.lines)]))


for code in args.show:
    show(code)
