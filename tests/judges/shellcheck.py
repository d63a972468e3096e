#!/usr/bin/env python3
"""How far the SC codes of `unladen check --profile hadolint` agree with hadolint's and tally's over the corpus.

hadolint 2.15.1 prints one SC code for each RUN, the last one in the script, with the first line of the RUN. So there
are two figures: how often its code is among ours for that RUN (recall), and how often the last of ours is the one that
it prints (precision). tally prints all of ShellCheck's findings with their own lines; those are compared one by one.
RUNs on Windows, and what is written for PowerShell or cmd, are left out: hadolint and tally read them as sh.

    tests/judges/shellcheck.py [--binary target/debug/unladen] [--shared ../shared] [--hadolint FILE] [--tally FILE] [-v]

--hadolint takes what an earlier run kept (`hadolint --disable-ignore-pragma -f json`, paths ID/Dockerfile); without it
hadolint is run, which takes minutes.

--tally takes the output of `tally lint -f json --no-config --no-inline-directives --select 'shellcheck/*'` on the
files; running it takes half an hour, so it is not done here.
"""
import argparse, bisect, collections, gzip, json, os, re, shutil, subprocess, sys, tempfile
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--binary", default="target/debug/unladen")
parser.add_argument("--shared", default="../shared")
parser.add_argument("--hadolint")
parser.add_argument("--tally")
parser.add_argument("-v", action="store_true", help="show where they differ")
args = parser.parse_args()

path = Path(args.shared) / "corpus/dockerfiles.jsonl.gz"
if not path.exists() or not (args.hadolint or shutil.which("hadolint")):
    sys.exit(f"skipped: {path} or hadolint is not there")
binary = str(Path(args.binary).resolve())
corpus = {entry["id"]: entry["text"] for entry in map(json.loads, gzip.open(path))}
FOREIGN = re.compile(r"(?i)windows|nanoserver|powershell|escape=`")
texts = {name: text for name, text in corpus.items() if not FOREIGN.search(text)}


def starts(text):
    """The first line of every instruction."""
    lines, found, at = text.split("\n"), [], 0
    while at < len(lines):
        logical = lines[at].strip()
        if not logical or logical.startswith("#"):
            at += 1
            continue
        found.append(at + 1)
        while logical.endswith("\\") and at + 1 < len(lines):
            at += 1
            more = lines[at].strip()
            if more and not more.startswith("#"):
                logical = logical[:-1] + " " + more
        if re.match(r"(?i)(onbuild\s+)?(run|copy|add)\b", logical):
            for dash, _, word in re.findall(r"<<(-?)([\"']?)([A-Za-z_]\w*)\2", logical):
                at += 1
                while at < len(lines) and (lines[at].lstrip("\t") if dash else lines[at]).rstrip("\r") != word:
                    at += 1
        at += 1
    return found


def documents(text):
    """JSON values, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        yield value


with tempfile.TemporaryDirectory() as root:
    for name, text in texts.items():
        Path(root, name).mkdir()
        Path(root, name, "Dockerfile").write_bytes(text.encode())
    ours = json.loads(
        subprocess.run(
            [binary, "check", "--no-config", "--profile", "hadolint", "--no-ignore-comments", "--format", "json", root],
            capture_output=True, text=True,
        ).stdout
    )
    theirs = []
    if args.hadolint:
        kept = (finding for value in documents(Path(args.hadolint).read_text()) for finding in value)
        theirs = [finding for finding in kept if finding["file"].split("/")[0] in texts]
    names = [] if args.hadolint else [f"{name}/Dockerfile" for name in sorted(texts)]
    for first in range(0, len(names), 200):
        command = ["nice", "hadolint", "--no-fail", "--disable-ignore-pragma", "-f", "json", *names[first : first + 200]]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, env={**os.environ, "HOME": root, "XDG_CONFIG_HOME": root})
        theirs += [finding for value in documents(done.stdout) for finding in value]

unread = {finding["file"].split("/")[0] for finding in theirs if finding["code"] == "DL1000"}
lines = {name: starts(text) for name, text in texts.items()}
exact, per_run = collections.Counter(), collections.defaultdict(list)
for file in ours["files"]:
    name = Path(file["path"]).parent.name
    for finding in file["diagnostics"]:
        if finding["rule"].startswith("SC") and name not in unread:
            line = finding["range"]["start"]["line"]
            run = lines[name][max(0, bisect.bisect_right(lines[name], line) - 1)]
            per_run[name, run].append((finding["range"]["start"]["byte"], finding["rule"]))
            exact[name, line, finding["rule"]] = 1
printed = {
    (finding["file"].split("/")[0], finding["line"]): finding["code"]
    for finding in theirs
    if finding["code"].startswith("SC") and finding["file"].split("/")[0] not in unread
}

codes, missed, last = collections.Counter(printed.values()), collections.Counter(), collections.Counter()
good = 0
for run, code in printed.items():
    if code not in [rule for _, rule in per_run.get(run, [])]:
        missed[code] += 1
        if args.v:
            print("hadolint only:", code, *run)
for run, found in per_run.items():
    end = max(found)[0]
    if printed.get(run) in [rule for at, rule in found if at == end]:
        good += 1
    else:
        last[max(found)[1]] += 1
        if args.v:
            print("ours last:", max(found)[1], *run, "hadolint:", printed.get(run))
print(f"hadolint: {len(printed)} RUNs, ours {len(per_run)}")
print(f"  recall {1 - sum(missed.values()) / max(1, len(printed)):.3f}; missed: {dict(missed.most_common())}")
print(f"  precision {good / max(1, len(per_run)):.3f}; last of ours and not theirs: {dict(last.most_common())}")

if args.tally:
    known, seen = set(), set()
    for value in documents(Path(args.tally).read_text()):
        for file in value["files"]:
            name = file["file"].split("/")[-2]
            seen.add(name)
            known |= {
                (name, found["location"]["start"]["line"], found["rule"].split("/")[1])
                for found in file["violations"]
                if found["rule"].startswith("shellcheck/SC")
            }
    known = {key for key in known if key[0] in texts and key[0] not in unread}
    mine = {key for key in exact if key[0] in seen}
    both = known & mine
    print(f"tally: {len(known)} findings in {len(seen)} files, ours {len(mine)}, by file, line and code")
    print(f"  precision {len(both) / max(1, len(mine)):.3f}, recall {len(both) / max(1, len(known)):.3f}")
    for what, keys in (("ours only", mine - known), ("tally only", known - mine)):
        print(f"  {what}: {dict(collections.Counter(key[2] for key in keys).most_common())}")
        if args.v:
            print("   ", sorted(keys)[:60])
