"""Writes a module proxy of files with the one module that fixtures import and nobody has: example.org/nobody/knows."""

import os
import sys
import zipfile

MODULE, VERSION = "example.org/nobody/knows", "v1.0.0"
GO_MOD = f"module {MODULE}\n\ngo 1.22\n"
# `net` makes a program with cgo on a dynamic one, as modules nobody has looked into may be.
SOURCE = 'package knows\n\nimport "net"\n\nfunc Nothing() { println(net.ParseIP("192.0.2.1").String()) }\n'

place = os.path.join(sys.argv[1], MODULE, "@v")
os.makedirs(place)
for name, text in (("list", f"{VERSION}\n"), (f"{VERSION}.info", f'{{"Version":"{VERSION}"}}'), (f"{VERSION}.mod", GO_MOD)):
    with open(os.path.join(place, name), "w") as file:
        file.write(text)
with zipfile.ZipFile(os.path.join(place, f"{VERSION}.zip"), "w") as archive:
    archive.writestr(f"{MODULE}@{VERSION}/go.mod", GO_MOD)
    archive.writestr(f"{MODULE}@{VERSION}/knows.go", SOURCE)
