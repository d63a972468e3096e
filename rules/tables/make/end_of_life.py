"""Writes ../end_of_life.tsv from a clone of github.com/endoflife-date/endoflife.date: end_of_life.py CLONE.

Only releases are listed that ended a year or more before the last commit of the clone, so that a table of a few months
reports nothing that its readers have just learnt. Debian counts with its LTS.
"""
import datetime, pathlib, re, subprocess, sys

clone = sys.argv[1]
git = lambda *words: subprocess.run(["git", "-C", clone, *words], capture_output=True, text=True).stdout
today = git("log", "-1", "--format=%cs").strip()
last = str(datetime.date.fromisoformat(today).replace(year=int(today[:4]) - 1))
names = {name: [name] for name in "debian ubuntu centos fedora python ruby php mysql".split()}
names |= {"alpine-linux": ["alpine"], "nodejs": ["node"], "postgresql": ["postgres"], "mongodb": ["mongo"]}
names |= {"amazon-linux": ["amazonlinux"]}
parts = ["sdk", "aspnet", "runtime", "runtime-deps"]
names["dotnet"] = [f"mcr.microsoft.com/dotnet/{core}{part}" for core in ("", "core/") for part in parts]

rows = set()
for product, images in names.items():
    text = git("show", f"HEAD:products/{product}.md")
    for release in re.split(r"\n(?=\s*-\s+releaseCycle:)", text)[1:]:
        def field(name):
            found = re.search(rf'^\s*-?\s*{name}:\s*"?([^"\n#]+)"?', release, re.M)
            return found.group(1).strip() if found else ""

        cycle, code, end = field("releaseCycle"), field("codename"), field("eol")
        if product == "debian" and re.match(r"\d", field("eoes")):
            end = field("eoes")
        if not re.match(r"\d{4}-", end) or end > last:
            continue
        for image in images:
            # .NET Core had its images under another name, up to 3.1.
            if product == "dotnet" and ("/core/" in image) != (float(cycle) < 5):
                continue
            for release_name in [cycle] + ([code.split()[0].lower()] if code and product in ("debian", "ubuntu") else []):
                rows.add("\t".join([image, release_name, end, today, f"endoflife.date products/{product}.md"]))
table = pathlib.Path(__file__).parent.parent / "end_of_life.tsv"
table.write_text("#name\trelease\tended\tdate\tsource\n" + "\n".join(sorted(rows)) + "\n")
