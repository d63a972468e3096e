//! Which packages of a distribution only build, and what stands for them at run time.

use super::releases::{Family, Ground};
use crate::model::tables;

/// The libraries of `-dev` packages by release of Debian.
static LIBRARIES: &str = include_str!("../../rules/tables/deb_libraries.tsv");

/// Compilers, build systems and version control: nothing that a finished program reads.
const BUILD_ONLY: &[&str] = &[
    "alpine-sdk",
    "autoconf",
    "automake",
    "bison",
    "build-base",
    "build-essential",
    "bzr",
    "ca-certificates-bundle-dev",
    "clang",
    "cmake",
    "dpkg-dev",
    "fakeroot",
    "flex",
    "g++",
    "gcc",
    "git",
    "git-core",
    "go",
    "golang",
    "golang-go",
    "golang-any",
    "golang-src",
    "gox",
    "libtool",
    "lld",
    "llvm",
    "m4",
    "make",
    "mercurial",
    "meson",
    "nasm",
    "ninja",
    "ninja-build",
    "patch",
    "pkg-config",
    "pkgconf",
    "pkgconfig",
    "protobuf-compiler",
    "protoc",
    "subversion",
    "upx",
    "upx-ucl",
    "yasm",
    "binutils",
    "binutils-gold",
    "gotestsum",
    "go-bindata",
    "musl-dev",
    "libc-dev",
    "libc6-dev",
    "linux-headers",
    "linux-libc-dev",
    "glibc-devel",
    "gcc-c++",
    "gcc-libs",
    "libgcc-dev",
    "debhelper",
    "devscripts",
    "fmt",
    "golangci-lint",
    "libc6-dev-i386",
    "software-properties-common",
    "apt-transport-https",
    "gcc-multilib",
];

/// Packages that are files to read, not programs or libraries; true for those that distroless static has, too.
const DATA: &[(&str, bool)] = &[
    ("ca-certificates", true),
    ("ca-certificates-bundle", true),
    ("tzdata", true),
    ("media-types", true),
    ("mime-support", true),
    ("mailcap", true),
    ("netbase", true),
    ("shared-mime-info", false),
    ("iana-etc", false),
    ("locales", false),
];

/// Libraries of `-dev` packages in Alpine, and in releases that the table does not have: Debian's name, then Alpine's.
const RUN_TIME: &[(&str, &str, &str)] = &[
    ("librdkafka-dev", "librdkafka1", "librdkafka"),
    ("libvips-dev", "", ""),
    ("vips-dev", "", "vips"),
    ("sqlite-dev", "", "sqlite-libs"),
    ("libsqlite3-dev", "libsqlite3-0", ""),
    ("libpcap-dev", "libpcap0.8", "libpcap"),
    ("libpq-dev", "libpq5", "libpq"),
    ("zlib1g-dev", "zlib1g", ""),
    ("zlib-dev", "", "zlib"),
];

/// Alpine packages of which it is sure that no C compiler comes with them.
const WITHOUT_COMPILER: &[&str] = &[
    "bash",
    "binutils",
    "bind-tools",
    "busybox-extras",
    "coreutils",
    "curl",
    "dumb-init",
    "ffmpeg",
    "file",
    "findutils",
    "gawk",
    "gcompat",
    "gettext",
    "git",
    "gnupg",
    "grep",
    "gzip",
    "iproute2",
    "iptables",
    "jq",
    "less",
    "libc-dev",
    "libc6-compat",
    "libcap",
    "linux-headers",
    "make",
    "mercurial",
    "musl-dev",
    "mysql-client",
    "nano",
    "nodejs",
    "npm",
    "openssh",
    "openssh-client",
    "openssl",
    "perl",
    "pkgconf",
    "pkgconfig",
    "postgresql-client",
    "protobuf",
    "protoc",
    "python3",
    "redis",
    "rsync",
    "sed",
    "shadow",
    "sqlite",
    "su-exec",
    "subversion",
    "sudo",
    "tar",
    "tini",
    "tree",
    "unzip",
    "upx",
    "vim",
    "wget",
    "xz",
    "yarn",
    "zip",
];

pub(super) fn brings_no_compiler(name: &str) -> bool {
    WITHOUT_COMPILER.contains(&name) || is_data(name)
}

pub(super) fn builds_only(name: &str) -> bool {
    BUILD_ONLY.contains(&name) || is_versioned_golang(name)
}

/// Of those that only build, the ones that a program may start as well: it clones repositories, say.
pub(super) fn may_be_started(name: &str) -> bool {
    matches!(name, "git" | "git-core" | "mercurial" | "bzr" | "subversion" | "patch" | "upx" | "upx-ucl")
}

/// What both slim bases have, without any package of the file.
pub(super) fn is_of_every_base(program: &str) -> bool {
    IN_EVERY_BASE.contains(&program) || matches!(program, "bash" | "ash" | "dash")
}

/// `golang-1.22`, `golang-1.22-go`.
fn is_versioned_golang(name: &str) -> bool {
    name.strip_prefix("golang-").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

pub(super) fn is_dev(name: &str) -> bool {
    name.ends_with("-dev") || name.ends_with("-devel")
}

/// Data that distroless static brings by itself.
pub(super) fn in_static(name: &str) -> bool {
    DATA.iter().any(|(data, inside)| *data == name && *inside)
}

/// Data that the program might read although it starts no other program and links no library.
pub(super) fn is_data(name: &str) -> bool {
    DATA.iter().any(|(data, _)| *data == name)
        || name.starts_with("fonts-")
        || name.starts_with("font-")
        || name.starts_with("ttf-")
        || name.starts_with("geoip")
        || name.starts_with("icu-data")
}

/// The run-time packages of a `-dev` package, apart by blanks, where that is sure.
pub(super) fn library_of(name: &str, ground: Option<&Ground>) -> Option<String> {
    let ground = ground?;
    let releases = ["bullseye", "bookworm", "trixie"];
    let column = releases.iter().position(|release| ground.release.as_deref() == Some(release));
    if let (Family::Debian, Some(column)) = (ground.family, column) {
        let row = tables::lines(LIBRARIES, name).next()?;
        let cell = row.split('\t').nth(column + 1).filter(|cell| *cell != "-")?;
        return Some(cell.replace(',', " "));
    }
    let (_, debian, alpine) = RUN_TIME.iter().find(|(dev, ..)| *dev == name)?;
    let found = match ground.family {
        Family::Alpine => *alpine,
        Family::Debian | Family::Ubuntu => *debian,
        Family::Other => "",
    };
    (!found.is_empty()).then(|| found.to_string())
}

/// The package that brings a program: Debian's name, then Alpine's; empty where the slim base has it.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("bash", "", "bash"),
    ("convert", "imagemagick", "imagemagick"),
    ("curl", "curl", "curl"),
    ("dig", "dnsutils", "bind-tools"),
    ("dumb-init", "dumb-init", "dumb-init"),
    ("envsubst", "gettext-base", "gettext"),
    ("ffmpeg", "ffmpeg", "ffmpeg"),
    ("ffprobe", "ffmpeg", "ffmpeg"),
    ("free", "procps", ""),
    ("git", "git", "git"),
    ("gosu", "gosu", "gosu"),
    ("gpg", "gnupg", "gnupg"),
    ("gs", "ghostscript", "ghostscript"),
    ("hg", "mercurial", "mercurial"),
    ("identify", "imagemagick", "imagemagick"),
    ("ip", "iproute2", ""),
    ("iptables", "iptables", "iptables"),
    ("jq", "jq", "jq"),
    ("nc", "netcat-openbsd", ""),
    ("nslookup", "dnsutils", ""),
    ("openssl", "openssl", "openssl"),
    ("pdftotext", "poppler-utils", "poppler-utils"),
    ("pg_dump", "postgresql-client", "postgresql-client"),
    ("pg_isready", "postgresql-client", "postgresql-client"),
    ("perl", "perl", "perl"),
    ("pgrep", "procps", ""),
    ("pidof", "procps", ""),
    ("ping", "iputils-ping", ""),
    ("pkill", "procps", ""),
    ("ps", "procps", ""),
    ("psql", "postgresql-client", "postgresql-client"),
    ("rsync", "rsync", "rsync"),
    ("scp", "openssh-client", "openssh-client"),
    ("sftp", "openssh-client", "openssh-client"),
    ("socat", "socat", "socat"),
    ("ssh", "openssh-client", "openssh-client"),
    ("ssh-keygen", "openssh-client", "openssh-client"),
    ("ssh-keyscan", "openssh-client", "openssh-client"),
    ("su-exec", "", "su-exec"),
    ("sudo", "sudo", "sudo"),
    ("svn", "subversion", "subversion"),
    ("sysctl", "procps", ""),
    ("tini", "tini", "tini"),
    ("top", "procps", ""),
    ("unzip", "unzip", ""),
    ("uptime", "procps", ""),
    ("watch", "procps", ""),
    ("wget", "wget", ""),
    ("xz", "xz-utils", "xz"),
    ("zip", "zip", "zip"),
];

/// What both slim bases have for programs: coreutils or busybox, tar, gzip, grep, sed.
const IN_EVERY_BASE: &[&str] = &[
    "awk",
    "basename",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "dirname",
    "du",
    "echo",
    "env",
    "expr",
    "false",
    "find",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "hostname",
    "id",
    "ionice",
    "kill",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mktemp",
    "mount",
    "mv",
    "nice",
    "nohup",
    "od",
    "printenv",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "setsid",
    "sh",
    "sha1sum",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "stty",
    "sync",
    "tail",
    "tar",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "true",
    "tty",
    "umount",
    "uname",
    "uniq",
    "wc",
    "which",
    "whoami",
    "xargs",
    "yes",
];

/// How a final base of the distribution gets a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provided {
    Already,
    By(&'static str),
    Unknown,
}

pub(super) fn provider(program: &str, alpine: bool) -> Provided {
    if IN_EVERY_BASE.contains(&program) {
        return Provided::Already;
    }
    match PROGRAMS.iter().find(|(name, ..)| *name == program) {
        Some((_, debian, alpine_name)) => match if alpine { *alpine_name } else { *debian } {
            "" if program == "su-exec" => Provided::Unknown,
            "" => Provided::Already,
            name => Provided::By(name),
        },
        None => Provided::Unknown,
    }
}

/// Programs that mean that the toolchain itself is used when the image runs.
pub(super) fn is_toolchain(program: &str) -> bool {
    matches!(
        program,
        "go" | "gofmt" | "gcc" | "g++" | "cc" | "c++" | "make" | "protoc" | "goimports" | "gopls" | "golangci-lint"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_packages_are_told_from_the_rest() {
        for name in ["git", "build-base", "golang-1.22-go", "musl-dev"] {
            assert!(builds_only(name), "{name}");
        }
        for name in ["ffmpeg", "curl", "librdkafka-dev", "golang-docker-credential-helpers"] {
            assert!(!builds_only(name), "{name}");
        }
        let on =
            |release: &str| Some(Ground { family: Family::Debian, release: Some(release.into()), ..Ground::unknown() });
        for (release, package, want) in [
            ("bookworm", "libssl-dev", Some("libssl3")),
            ("bullseye", "libssl-dev", Some("libssl1.1")),
            ("trixie", "libvips-dev", Some("libvips42t64")),
            ("bookworm", "libncurses-dev", Some("libncurses6 libncursesw6 libtinfo6")),
            ("bookworm", "libnobody-dev", None),
            ("buster", "libvips-dev", None),
            ("buster", "libpq-dev", Some("libpq5")),
        ] {
            assert_eq!(library_of(package, on(release).as_ref()).as_deref(), want, "{release} {package}");
        }
        assert!(is_data("ca-certificates") && in_static("tzdata") && !in_static("fonts-noto"));
        assert_eq!(provider("curl", false), Provided::By("curl"));
        assert_eq!(provider("wget", true), Provided::Already);
        assert_eq!(provider("frobnicate", true), Provided::Unknown);
    }
}
