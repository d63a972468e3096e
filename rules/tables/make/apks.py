#!/usr/bin/env python3
"""Writes rules/tables/apk_packages.tsv: Alpine packages with what they depend on.

Sizes are those that `apk info --size` tells in docker-library/repo-info's lists of official images on Alpine 3.24 (KiB,
or MiB from 10 MiB on). What a package depends on is what `apk add` was seen to install with it. What every Alpine image
has (musl, busybox, OpenSSL's libraries, zlib, certificates) is left out. Names with a colon in front are base images.
"""
import pathlib

REPO = "repo-info repos/{}"
COMPOSER, RUST, DOCKER, PHPMYADMIN = (
    ("2026-09-01", REPO.format("composer/local/2.10.3.md")),
    ("2026-09-09", REPO.format("rust/local/1.98.1-alpine3.24.md")),
    ("2026-09-15", REPO.format("docker/local/29.8.1-alpine3.24.md")),
    ("2026-07-30", REPO.format("phpmyadmin/local/5.2.3-fpm-alpine.md")),
)
SUM = ("2026-07-31", "what is left of `apk add python3 make g++` on node:alpine, 301.4 MiB in 49 packages")
GXX = ("2026-09-01", "apk info of g++-15.2.0-r5 in a public test")
NODE = ("2026-09-01", "what is left of `apk add` of 51 packages on Alpine 3.24, 280.7 MiB, and of nodejs on 3.20")

ROWS = {
    COMPOSER: """
7zip 1746 libgcc libstdc++
acl-libs 33
bash 1344 ncurses-terminfo-base libncursesw readline
brotli-libs 957
c-ares 237
ca-certificates 207
coreutils 1231 acl-libs libattr skalibs-libs utmps-libs
curl 273 libcurl
gdbm 71
libattr 21
libbz2 76
libcurl 709 brotli-libs c-ares libidn2 nghttp2-libs libpsl zstd-libs
libedit 173 libncursesw
libexpat 137
libffi 38
libgcc 169
libidn2 193 libunistring
libncursesw 334 ncurses-terminfo-base
libpanelw 17 libncursesw
libpsl 73 libidn2 libunistring
libstdc++ 2738 libgcc
libunistring 1877
libuuid 29
libxml2 1046 xz-libs
make 222
mercurial 20480 python3
mpdecimal 191
ncurses-terminfo-base 100
nghttp2-libs 129
oniguruma 547
openssh-client-common 2226 openssh-keygen libedit
openssh-client-default 722 openssh-client-common
openssh-keygen 358
openssl 801
patch 126
pcre2 775
python3 33792 libbz2 libexpat libffi gdbm xz-libs mpdecimal libpanelw readline sqlite-libs
readline 292 libncursesw
skalibs-libs 207
sqlite-libs 1602
tar 399 acl-libs
tini 23
unzip 244
utmps-libs 17 skalibs-libs
xz 162 xz-libs
xz-libs 221
zip 372 unzip
zstd-libs 697
""",
    RUST: """
binutils 10240 jansson zstd-libs
gcc 162816 binutils libgcc libstdc++ libgcc-static libgomp libatomic gmp isl26 mpfr4 mpc1
gmp 413
isl26 2174 gmp
jansson 85
libatomic 29
libgcc-static 3209
libgomp 330
mpc1 113 gmp mpfr4
mpfr4 661 gmp
musl-dev 9670
""",
    DOCKER: """
git 6888 libcurl libexpat pcre2
iptables 1884 libmnl libnftnl libxtables
libmnl 25
libnftnl 180 libmnl
libxtables 53
pigz 158
""",
    PHPMYADMIN: """
gnupg 4686 gnutls libassuan libbz2 libgcrypt libgpg-error libksba libldap npth readline sqlite-libs
gnutls 2012 brotli-libs gmp libidn2 libtasn1 libunistring nettle p11-kit zstd-libs
libassuan 74 libgpg-error
libgcrypt 1510 libgpg-error
libgpg-error 180
libksba 205 libgpg-error
libldap 365 libsasl
libsasl 163 gdbm
libtasn1 65
tzdata 433
""",
    SUM: "libstdc++-dev 23860 libstdc++\n",
    GXX: "g++ 46080 gcc libstdc++-dev musl-dev\n",
    NODE: "nodejs 50000 brotli-libs c-ares nghttp2-libs libstdc++ sqlite-libs\n",
    # Packages that hold nothing themselves, or next to nothing.
    ("2026-09-01", "depends on others; file and libmagic of build-base are left out"): """
build-base 0 binutils gcc g++ make musl-dev patch
libc-dev 0 musl-dev
openssh-client 0 openssh-client-default
""",
    ("2026-09-15", "the images' own lists in repo-info"): """
:golang 0 ca-certificates
:node 0 libgcc libstdc++
:python 0 ca-certificates tzdata libbz2 libexpat libffi gdbm xz-libs libpanelw readline sqlite-libs libuuid
:php 0 ca-certificates curl openssl tar xz oniguruma libxml2 sqlite-libs readline
:rust 0 ca-certificates gcc musl-dev
""",
}


def main():
    rows = {}
    for (date, source), text in ROWS.items():
        for line in text.split("\n"):
            if line:
                name, kib, *deps = line.split()
                # npth, nettle and p11-kit stand in no list that was read.
                rows[name] = (int(kib) * 1024, " ".join(sorted(deps)), date, source)
    unknown = {dep for row in rows.values() for dep in row[1].split()} - rows.keys()
    rows = {
        name: (size, " ".join(dep for dep in deps.split() if dep not in unknown), date, source)
        for name, (size, deps, date, source) in rows.items()
    }
    lines = ["#package\tbytes\tneeds\tdate\tsource"]
    lines += ["\t".join([name, *map(str, rows[name])]) for name in sorted(rows)]
    table = pathlib.Path(__file__).resolve().parent.parent / "apk_packages.tsv"
    table.write_text("\n".join(lines) + "\n")
    print(f"{len(rows)} packages; left out as dependencies: {', '.join(sorted(unknown))}")


main()
