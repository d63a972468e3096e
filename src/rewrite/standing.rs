//! A started program reads the directory that it is started in: git its repository, hugo its site, terraform the *.tf
//! files. Only of a few it is known that they read nothing but what their arguments name.

use super::artifacts::Found;
use super::needs::{Claim, Needs, shipped};
use super::paths::{base_name, is_system_dir, within};
use super::presence::Image;
use crate::context::tree::Origin;

/// Programs that look at no file of the directory they are started in, by the reason why.
#[rustfmt::skip]
const READ_NOTHING: &[(&str, &[&str])] = &[
    ("tells of the system, its clock, its processes or its network", &[
        "arch", "arp", "cal", "date", "df", "dmidecode", "env", "ethtool", "free", "getent", "hostname", "id",
        "ifconfig", "iostat", "ip", "ip6tables", "iptables", "iw", "kill", "killall", "locale", "logger", "lsblk",
        "lscpu", "lsof", "lspci", "lsusb", "mount", "netstat", "nft", "nproc", "nvidia-smi", "pgrep", "pidof", "pkill",
        "printenv", "ps", "pwd", "route", "ss", "stty", "sync", "sysctl", "top", "tty", "umount", "uname", "uptime",
        "vmstat", "which", "whoami",
    ]),
    ("only waits, counts or prints its arguments", &[
        "basename", "dirname", "echo", "expr", "false", "mktemp", "printf", "seq", "sleep", "test", "true", "tput",
        "yes",
    ]),
    ("talks to a server, with what its arguments say", &[
        "createdb", "curl", "dig", "dropdb", "host", "mongodump", "mysql", "mysqladmin", "mysqldump", "nc", "ncat",
        "nslookup", "pg_dump", "pg_dumpall", "pg_isready", "ping", "ping6", "psql", "redis-cli", "ssh", "telnet",
        "traceroute", "wget", "whois",
    ]),
    ("reads the files that its arguments name, and those alone", &[
        "awk", "base64", "bzip2", "cat", "chgrp", "chmod", "chown", "cksum", "cmp", "convert", "cp", "cut", "dd",
        "diff", "dot", "envsubst", "ffmpeg", "ffprobe", "file", "gawk", "gs", "grep", "gunzip", "gzip", "head",
        "hexdump", "iconv", "identify", "jq", "ln", "magick", "md5sum", "mkdir", "mv", "od", "openssl", "pdfinfo",
        "pdftoppm", "pdftotext", "qpdf", "readlink", "realpath", "rm", "rmdir", "sed", "sha1sum", "sha256sum",
        "sha512sum", "sort", "stat", "strings", "tail", "tar", "tee", "tesseract", "touch", "tr", "uniq", "unxz",
        "unzip", "wc", "xmllint", "xxd", "xz", "zcat", "zstd",
    ]),
    ("is a server that its own configuration tells where its files are", &[
        "dnsmasq", "haproxy", "httpd", "memcached", "nginx", "php-fpm", "redis-server", "sshd", "varnishd",
    ]),
    ("becomes or starts what its arguments say", &[
        "ash", "bash", "busybox", "catatonit", "chroot", "dash", "doas", "dumb-init", "flock", "gosu", "ionice", "ksh",
        "nice", "nohup", "setpriv", "setsid", "sh", "stdbuf", "su", "su-exec", "sudo", "time", "timeout", "tini",
        "xargs", "zsh",
    ]),
];

/// Whether the program may read files of its working directory that nobody names. `args` are `None` where they are not
/// known, and `None` among them is computed.
pub(super) fn reads_its_directory(program: &str, args: Option<&[Option<&str>]>) -> bool {
    let name = base_name(program);
    if matches!(args, Some([Some("--version" | "-version" | "-v" | "-V" | "version" | "--help")])) {
        return false;
    }
    if !READ_NOTHING.iter().any(|(_, names)| names.contains(&name)) {
        // These look where they are told to, and else around them.
        let told = matches!(name, "ls" | "find" | "du" | "tree")
            && first_operand(args).is_some_and(|dir| dir.starts_with('/'));
        return !told;
    }
    let has = |test: &dyn Fn(&str) -> bool| args.is_some_and(|args| args.iter().flatten().any(|arg| test(arg)));
    // To jq and grep a dot is what they look for.
    let scripted = matches!(name, "awk" | "date" | "echo" | "expr" | "gawk" | "grep" | "jq" | "printf" | "sed" | "tr");
    if !scripted && has(&|arg| matches!(arg, "." | "./" | "..") || arg.starts_with('*') || arg.starts_with("./*")) {
        return true;
    }
    match name {
        // A script of SQL, awk or jq may include another one that lies beside it.
        "psql" | "gawk" | "awk" | "jq" => has(&|arg| {
            arg.starts_with("-f")
                || arg.starts_with("--file")
                || arg == "--from-file"
                || is_short(arg, 'f') && name != "psql"
        }),
        "grep" => has(&|arg| is_short(arg, 'r') || is_short(arg, 'R') || arg == "--recursive"),
        "tar" => {
            let makes = |arg: &str| is_short(arg, 'c') || arg == "--create";
            let first = args.and_then(|args| args.first().copied().flatten()).unwrap_or("");
            (has(&makes) || first.starts_with('c')) && has(&|arg| !arg.starts_with(['-', '/']) && arg != first)
        }
        _ => false,
    }
}

/// `-nf`, but not `--file`.
fn is_short(arg: &str, letter: char) -> bool {
    arg.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains(letter))
}

fn first_operand<'a>(args: Option<&[Option<&'a str>]>) -> Option<&'a str> {
    args?.iter().flatten().find(|arg| !arg.starts_with('-')).copied()
}

/// The directory comes along as it is, where the file put something there that the program might read and that nothing
/// else brings along.
pub(super) fn carry(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let Some(tree) = image.case.tree() else { return };
    for (dir, program, claim) in std::mem::take(&mut needs.around) {
        let name = base_name(&program);
        // What a script does is read where it is, and what the program of the build reads, in its sources.
        let own = shipped(found).any(|built| base_name(&built.path) == name);
        if own || super::by_name::place(image.case, name).is_some() {
            continue;
        }
        let carried = |path: &str| {
            found.script.as_deref() == Some(path)
                || needs.data.iter().any(|(data, _)| within(path, &super::layout::data_path(data)))
        };
        let wanted =
            |(path, origin): (&str, &Origin)| *origin != Origin::Program && may_want(name, path) && !carried(path);
        if !tree.under(&dir).any(wanted) {
            continue;
        }
        let text = format!("{name} reads the directory that it is started in: {}", claim.text);
        let claim = Claim { text, ..claim };
        match is_system_dir(&dir) || dir == "/go" {
            true => needs.gaps.push(claim),
            false => needs.data.push((dir, claim)),
        }
    }
}

/// Everything but Go sources, notes, and what belongs to a tool that this is not.
fn may_want(program: &str, path: &str) -> bool {
    const NOTES: &[&str] =
        &["authors", "changelog", "contributing", "copying", "license", "licence", "notice", "readme"];
    const GIT: &[&str] = &["gh", "git", "git-lfs", "glab", "goreleaser", "hub", "tig"];
    const CONTAINERS: &[&str] = &["buildah", "docker", "docker-compose", "nerdctl", "podman"];
    let name = base_name(path).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or("");
    let is_of_git = path.contains("/.git/") || matches!(name.as_str(), ".gitignore" | ".gitattributes" | ".gitmodules");
    // Without a repository git has nothing to read there.
    if is_of_git || program == "git" {
        return GIT.contains(&program) && path.contains("/.git/");
    }
    let of_containers = name.contains("dockerfile") || name == ".dockerignore" || stem.ends_with("compose");
    if of_containers {
        return CONTAINERS.contains(&program);
    }
    let note = NOTES.contains(&stem) && !name.ends_with(".html");
    let of_go = [".go", ".s", ".templ", ".qtpl"].iter().any(|end| name.ends_with(end))
        || matches!(name.as_str(), "go.mod" | "go.sum" | "go.work" | "go.work.sum" | "makefile" | "gnumakefile")
        || [".golangci", ".goreleaser", ".air."].iter().any(|start| name.starts_with(start));
    let of_editor = name == ".editorconfig"
        || ["/.github/", "/.vscode/", "/.idea/", "/vendor/", "/testdata/"].iter().any(|dir| path.contains(dir));
    !note && !of_go && !of_editor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_programs_read_only_what_they_are_given() {
        for (words, want) in [
            ("git log", true),
            ("git version", false),
            ("hugo --minify", true),
            ("terraform apply", true),
            ("npm run render", true),
            ("date -u", false),
            ("/usr/bin/ffmpeg -i /tmp/a.mp4 /tmp/b.mp4", false),
            ("curl -fsS http://localhost/", false),
            ("psql -c select", false),
            ("psql -f sql/all.sql", true),
            ("psql -fsql/all.sql", true),
            ("jq -r .name", false),
            ("jq .", false),
            ("jq -nf q.jq", true),
            ("grep -q x /etc/hosts", false),
            ("grep -rn x", true),
            ("ls", true),
            ("ls /data", false),
            ("find . -name x", true),
            ("tar -xzf /tmp/a.tgz -C /tmp", false),
            ("tar czf - web", true),
            ("tar -czf /tmp/a.tgz /data", false),
            ("cp -r . /tmp/x", true),
            ("cat *.txt", true),
        ] {
            let mut words = words.split(' ');
            let program = words.next().unwrap_or("");
            let args: Vec<Option<&str>> = words.map(Some).collect();
            assert_eq!(reads_its_directory(program, Some(&args)), want, "{program} {args:?}");
        }
        assert!(reads_its_directory("git", None) && !reads_its_directory("ffmpeg", None));
    }

    #[test]
    fn every_program_of_the_table_stands_once() {
        let mut names: Vec<&str> = READ_NOTHING.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn what_no_started_program_reads_is_no_reason() {
        for (program, path, want) in [
            ("git", "/app/.git/HEAD", true),
            ("hugo", "/app/.git/HEAD", false),
            ("hugo", "/app/config.toml", true),
            ("hugo", "/app/main.go", false),
            ("hugo", "/app/README.md", false),
            ("hugo", "/app/content/readme/index.md", true),
            ("docker", "/app/docker-compose.yml", true),
            ("npm", "/app/package.json", true),
            ("npm", "/app/Dockerfile", false),
        ] {
            assert_eq!(may_want(program, path), want, "{program} {path}");
        }
    }
}
