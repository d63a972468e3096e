//! What a base image brings: rules/tables/images.tsv, made by rules/tables/make/images.py.
//!
//! The table has a row for each variant of an image; the tag says which one is meant and on which release of its
//! distribution it stands. What a tag does not say itself (`golang:1.20`) is looked up in suites.tsv. A tag with a part
//! that no row allows has no facts at all.

use super::names::canonical_name;
use super::tables;
use crate::syntax::ImageRef;

const IMAGES: &str = include_str!("../../rules/tables/images.tsv");
const SUITES: &str = include_str!("../../rules/tables/suites.tsv");

/// One row of the table of base images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// Image name without the default registry and without `library/`, such as `golang` or `gcr.io/distroless/static-debian12`.
    pub name: String,
    /// `debian`, `ubuntu`, `alpine`, `rhel`, `distroless`, `scratch`, `windows`, …
    pub family: String,
    /// Release of the distribution where the tag tells: `bookworm`, `3.20`.
    pub release: Option<String>,
    /// Path of the shell, such as `/bin/sh`; `None` when there is none.
    pub shell: Option<String>,
    pub bash: bool,
    pub libc: Libc,
    /// `2.36`.
    pub libc_version: Option<String>,
    pub package_manager: Option<PackageManager>,
    /// Also where only the bundle `/etc/ssl/certs/ca-certificates.crt` is there; true where it is not sure.
    pub ca_certificates: bool,
    /// True where it is not sure.
    pub tzdata: bool,
    pub gcc: bool,
    pub git: bool,
    pub user: String,
    pub working_dir: String,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    /// ENV of the image, PATH included: the names whose value is known.
    pub env: Vec<(String, String)>,
    /// Names that the image sets to a value which is not known.
    pub env_unknown: Vec<String>,
    /// `env` and `env_unknown` are all that the image sets.
    pub env_complete: bool,
    pub curl: bool,
    pub wget: bool,
    pub make: bool,
    /// Read in the source, not merely likely.
    pub seen: bool,
    /// Where the row comes from, and its date.
    pub source: &'static str,
    pub date: &'static str,
}

impl ImageFacts {
    /// The sh of the distribution is bash by another name.
    pub fn sh_is_bash(&self) -> bool {
        matches!(self.family.as_str(), "rhel" | "azurelinux" | "suse" | "arch" | "amazon" | "nix")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libc {
    Glibc,
    Musl,
    /// scratch, distroless static.
    None,
    Windows,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageManager {
    Apt,
    Apk,
    Dnf,
    Yum,
    Microdnf,
    Zypper,
    Tdnf,
    Pacman,
}

const DEBIAN: [&str; 9] = ["wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "sid"];
const UBUNTU: [&str; 13] = [
    "trusty", "xenial", "bionic", "focal", "groovy", "hirsute", "impish", "jammy", "lunar", "mantic", "noble",
    "oracular", "resolute",
];

/// The tag's parts between the dashes.
#[derive(Default)]
struct Tag<'a> {
    version: Option<&'a str>,
    release: Option<&'a str>,
    alpine: bool,
    slim: bool,
    windows: bool,
    /// Parts that say something else, such as `fpm`.
    extras: Vec<&'a str>,
}

/// What is known of an image; `None` when its name or the variant that its tag names is not in the table.
pub fn facts_for(image: &ImageRef) -> Option<ImageFacts> {
    let name = canonical_name(&image.name());
    let tag_text = image.tag.as_ref().map(|tag| tag.text.as_str());
    let (key, distroless_release) = table_name(&name);
    tables::lines(IMAGES, &key).next()?;
    let written = tag_text.unwrap_or("latest");
    let tag = read_tag(written);
    let release = tag.release.or(distroless_release).or_else(|| match image.digest {
        _ if key == "alpine" => tag.version.and_then(minor),
        // A digest pins what the tag once was, not what it is today.
        Some(_) => None,
        None => release_of(&key, written),
    });
    let row = best_row(&key, &tag, release)?;
    Some(row.facts(&name, release, tag.version))
}

/// What `FROM scratch` starts with: BuildKit gives it a PATH.
pub fn scratch() -> ImageFacts {
    let row = tables::lines(IMAGES, "scratch").next().unwrap_or_default();
    Row::read(row).facts("scratch", None, None)
}

/// The name in the table, and the release that the name of a distroless image tells.
fn table_name(name: &str) -> (String, Option<&'static str>) {
    let Some(kind) = name.strip_prefix("gcr.io/distroless/") else { return (name.to_string(), None) };
    let (kind, release) = match kind.rsplit_once("-debian") {
        Some((kind, "10")) => (kind, Some("buster")),
        Some((kind, "11")) => (kind, Some("bullseye")),
        Some((kind, "12")) => (kind, Some("bookworm")),
        Some((kind, "13")) => (kind, Some("trixie")),
        Some((kind, _)) => (kind, None),
        None => (kind, None),
    };
    // java17, nodejs20; python3 is a name of its own.
    let kind = match kind {
        "python3" => kind,
        kind => kind.trim_end_matches(|c: char| c.is_ascii_digit()),
    };
    (format!("gcr.io/distroless/{kind}"), release)
}

fn read_tag(text: &str) -> Tag<'_> {
    let mut tag = Tag::default();
    for part in text.split('-') {
        // v1.2, centos7
        let digits = part.strip_prefix('v').or_else(|| part.strip_prefix("centos")).unwrap_or(part);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            tag.version = tag.version.or(Some(digits));
        } else if DEBIAN.contains(&part) || UBUNTU.contains(&part) {
            tag.release = Some(part);
        } else if let Some(release) = part.strip_prefix("alpine") {
            tag.alpine = true;
            tag.release = Some(release).filter(|release| !release.is_empty()).or(tag.release);
        } else if part.starts_with("windowsservercore") || part.starts_with("nanoserver") || part.starts_with("ltsc2") {
            tag.windows = true;
        } else if part == "slim" {
            tag.slim = true;
        } else if !is_neutral(part) {
            tag.extras.push(part);
        }
    }
    tag
}

/// Says which version is meant, not what is in it.
fn is_neutral(part: &str) -> bool {
    const WORDS: [&str; 12] = [
        "",
        "latest",
        "stable",
        "lts",
        "current",
        "rolling",
        "edge",
        "oldstable",
        "testing",
        "backports",
        "preview",
        "nightly",
    ];
    const NODE: [&str; 9] = ["argon", "boron", "carbon", "dubnium", "erbium", "fermium", "gallium", "hydrogen", "iron"];
    let numbered =
        |word: &str| part.strip_prefix(word).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    WORDS.contains(&part) || NODE.contains(&part) || numbered("rc") || numbered("beta")
}

/// One line of the table, by column.
struct Row {
    columns: Vec<&'static str>,
}

impl Row {
    fn read(line: &'static str) -> Row {
        Row { columns: line.split('\t').collect() }
    }

    fn get(&self, column: usize) -> &'static str {
        self.columns.get(column).copied().unwrap_or_default()
    }

    fn variant(&self) -> &'static str {
        self.get(1)
    }

    fn family(&self) -> &'static str {
        self.get(2)
    }

    /// How well the row fits the tag: the number of parts of the variant that the tag names. `None` when it does not.
    fn fit(&self, tag: &Tag<'_>, release: Option<&str>) -> Option<usize> {
        let allowed: Vec<&str> = self.get(3).split(' ').collect();
        let any = allowed.contains(&"*");
        let mut parts: Vec<&str> = self.variant().split('+').filter(|part| !part.is_empty()).collect();
        let count = parts.len();
        let version = tag.version.unwrap_or_default();
        let major = version.split('.').next().unwrap_or_default();
        let mut slim = !tag.slim || allowed.contains(&"slim") || any;
        let mut alpine = !tag.alpine || self.family() == "alpine" && parts.is_empty();
        parts.retain(|part| match *part {
            "alpine" => {
                alpine = true;
                !tag.alpine
            }
            "slim" => {
                slim = true;
                !tag.slim
            }
            part if part == version || part == major || Some(part) == release => false,
            part => match part.strip_suffix("-slim") {
                Some(number) => !(tag.slim && number == major),
                None => !tag.extras.iter().any(|extra| {
                    extra.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') == part || *extra == part
                }),
            },
        });
        let extras = tag
            .extras
            .iter()
            .all(|extra| any || allowed.contains(extra) || self.variant().split('+').any(|part| part == *extra));
        let windows = !tag.windows || self.family() == "windows";
        (parts.is_empty() && slim && alpine && extras && windows).then_some(count)
    }

    fn facts(&self, name: &str, release: Option<&str>, version: Option<&str>) -> ImageFacts {
        let yes = |column: usize| self.get(column) == "yes";
        let text = |column: usize| Some(self.get(column).to_string()).filter(|text| !text.is_empty());
        let words = |column: usize| -> Vec<String> {
            self.get(column).split('|').filter(|word| !word.is_empty()).map(str::to_string).collect()
        };
        let mut family = self.family();
        if let ("debian" | "ubuntu" | "linux", Some(release)) = (family, release) {
            family = match release {
                release if DEBIAN.contains(&release) => "debian",
                release if UBUNTU.contains(&release) => "ubuntu",
                _ => family,
            };
        }
        // "@": as the distribution of that release has it.
        let distribution = release.and_then(|release| distribution_row(family, release));
        let of_release = |column: usize| match (self.get(column), &distribution) {
            ("@", Some(row)) => row.get(column),
            ("@", None) => "",
            (value, _) => value,
        };
        let mut env = Vec::new();
        let mut env_unknown: Vec<String> = self.get(21).split_whitespace().map(str::to_string).collect();
        for (name, value) in self.get(20).split('|').filter_map(|pair| env_pair(pair, version)) {
            match (value.as_str(), version) {
                ("@", Some(version)) if is_full_version(version) => env.push((name, version.to_string())),
                ("@", _) => env_unknown.push(name),
                _ => env.push((name, value)),
            }
        }
        let libc_version = Some(of_release(7).to_string()).filter(|version| !version.is_empty());
        let tzdata = of_release(10);
        ImageFacts {
            name: name.to_string(),
            family: family.to_string(),
            release: release.map(str::to_string),
            shell: text(4),
            bash: yes(5),
            libc: match self.get(6) {
                "glibc" => Libc::Glibc,
                "musl" => Libc::Musl,
                "none" => Libc::None,
                "windows" => Libc::Windows,
                _ => Libc::Unknown,
            },
            libc_version,
            package_manager: package_manager(self.get(8)),
            ca_certificates: yes(9),
            tzdata: tzdata.is_empty() || tzdata == "yes",
            curl: yes(11),
            wget: yes(12),
            git: yes(13),
            gcc: yes(14),
            make: yes(15),
            user: self.get(16).to_string(),
            working_dir: self.get(17).to_string(),
            entrypoint: words(18),
            cmd: words(19),
            env,
            env_unknown,
            env_complete: yes(22),
            seen: self.get(23) == "seen",
            source: self.get(24),
            date: self.get(25),
        }
    }
}

fn best_row(name: &str, tag: &Tag<'_>, release: Option<&str>) -> Option<Row> {
    let rows = tables::lines(IMAGES, name).map(Row::read);
    rows.filter_map(|row| Some((row.fit(tag, release)?, row))).max_by_key(|(fit, _)| *fit).map(|(_, row)| row)
}

/// The row of the distribution itself.
fn distribution_row(family: &str, release: &str) -> Option<Row> {
    let name = match family {
        "debian" | "ubuntu" | "alpine" => family,
        "distroless" if UBUNTU.contains(&release) => "ubuntu",
        "distroless" => "debian",
        _ => return None,
    };
    tables::lines(IMAGES, name).find(|line| line.split('\t').nth(1) == Some(release)).map(Row::read)
}

fn package_manager(name: &str) -> Option<PackageManager> {
    Some(match name {
        "apt" => PackageManager::Apt,
        "apk" => PackageManager::Apk,
        "dnf" => PackageManager::Dnf,
        "yum" => PackageManager::Yum,
        "microdnf" => PackageManager::Microdnf,
        "zypper" => PackageManager::Zypper,
        "tdnf" => PackageManager::Tdnf,
        "pacman" => PackageManager::Pacman,
        _ => return None,
    })
}

/// `NAME=value`, or `NAME[1.21]=value` for what the image sets since that version.
fn env_pair(pair: &str, version: Option<&str>) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let Some((name, since)) = name.split_once('[') else { return Some((name.to_string(), value.to_string())) };
    let since = numbers(since.trim_end_matches(']'));
    // A tag without a version is today's.
    if version.is_some_and(|version| version.contains('.') && numbers(version) < since) {
        return None;
    }
    Some((name.to_string(), value.to_string()))
}

/// Three numbers: what a `NODE_VERSION` has.
fn is_full_version(version: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    version.split('.').count() == 3 && version.split('.').all(digits)
}

fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| {
        let digits = part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().unwrap_or(0)
    });
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// `3.19` of `3.19.1`.
fn minor(version: &str) -> Option<&str> {
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    dots.next()?;
    version.get(..dots.next().unwrap_or(version.len()))
}

/// The release behind a tag that does not say it: the tag itself, or with its version cut shorter. `3.19` for `alpine3.19`.
fn release_of(name: &str, tag: &str) -> Option<&'static str> {
    // Only their major versions are lines of releases of their own (suites.py, BY_MAJOR).
    const BY_MAJOR: [&str; 4] = ["debian", "node", "postgres", "redis"];
    let (version, rest) = match tag.find('-') {
        Some(at) => tag.split_at(at),
        None => (tag, ""),
    };
    let mut version = version;
    loop {
        let key = format!("{name}:{version}{rest}");
        let line = tables::lines(SUITES, &key).next();
        if let Some(release) = line.and_then(|line| line.split('\t').nth(1)) {
            return Some(release.strip_prefix("alpine").unwrap_or(release));
        }
        let (shorter, _) = version.rsplit_once('.')?;
        if !shorter.contains('.') && !BY_MAJOR.contains(&name) {
            return None;
        }
        version = shorter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::reference;
    use crate::text::Span;

    fn facts(text: &str) -> Option<ImageFacts> {
        facts_for(&reference(text, Span::default()).unwrap())
    }

    /// Lines of `reference: family release libc version gcc git ca tz pm shell`, or `reference: unknown`.
    #[track_caller]
    fn check_facts(table: &str) {
        for line in table.lines().filter(|line| line.contains(": ")) {
            let (image, expected) = line.trim().split_once(": ").unwrap();
            let shown = match facts(image) {
                None => "unknown".to_string(),
                Some(facts) => {
                    let mut words = vec![facts.family.clone(), facts.release.clone().unwrap_or("-".into())];
                    words.push(format!("{:?}", facts.libc).to_lowercase());
                    words.push(facts.libc_version.clone().unwrap_or("-".into()));
                    let marks = [
                        (facts.gcc, "gcc"),
                        (facts.git, "git"),
                        (facts.ca_certificates, "ca"),
                        (facts.tzdata, "tz"),
                        (facts.package_manager.is_some(), "pm"),
                        (facts.shell.is_some(), "sh"),
                    ];
                    words.extend(marks.iter().filter(|(there, _)| *there).map(|(_, mark)| mark.to_string()));
                    words.join(" ")
                }
            };
            assert_eq!(shown, expected.split_whitespace().collect::<Vec<_>>().join(" "), "{image}");
        }
    }

    #[test]
    fn golang_tags_tell_distribution_and_tools() {
        check_facts(
            "
            golang:1.22:                   debian bookworm glibc 2.36 gcc git ca tz pm sh
            golang:1.22-bookworm:          debian bookworm glibc 2.36 gcc git ca tz pm sh
            golang:1.22-alpine3.19:        alpine 3.19 musl 1.2.4 ca pm sh
            golang:1.22.3-alpine:          alpine 3.20 musl 1.2.5 ca pm sh
            golang:1.16-buster:            debian buster glibc 2.28 gcc git ca tz pm sh
            golang:1.16.4:                 debian buster glibc 2.28 gcc git ca tz pm sh
            golang:1.16:                   debian bullseye glibc 2.31 gcc git ca tz pm sh
            golang:1.13:                   debian buster glibc 2.28 gcc git ca tz pm sh
            golang:1.20:                   debian bookworm glibc 2.36 gcc git ca tz pm sh
            golang:1.25:                   debian trixie glibc 2.41 gcc git ca pm sh
            golang:1.22@sha256:00:         debian - glibc - gcc git ca tz pm sh
            golang:1.99:                   debian - glibc - gcc git ca tz pm sh
            golang:1.9-onbuild:            unknown
            golang:1.20-windowsservercore: unknown
            golang:1.23rc2-alpine:         alpine - musl - ca tz pm sh
            ",
        );
    }

    #[test]
    fn distributions_are_found_by_version_and_name() {
        check_facts(
            "
            debian:12-slim:          debian bookworm glibc 2.36 tz pm sh
            debian:bookworm-20240110-slim: debian bookworm glibc 2.36 tz pm sh
            debian:11.6:             debian bullseye glibc 2.31 tz pm sh
            debian:trixie-slim:      debian trixie glibc 2.41 pm sh
            debian:latest:           debian trixie glibc 2.41 pm sh
            debian:wheezy:           debian wheezy glibc - tz pm sh
            ubuntu:22.04:            ubuntu jammy glibc 2.35 pm sh
            ubuntu:jammy-20231004:   ubuntu jammy glibc 2.35 pm sh
            ubuntu:18.04:            ubuntu bionic glibc 2.27 pm sh
            ubuntu:14.04.5:          ubuntu trusty glibc 2.19 tz pm sh
            alpine:3.20.1:           alpine 3.20 musl 1.2.5 ca pm sh
            alpine:3.20:             alpine 3.20 musl 1.2.5 ca pm sh
            alpine:latest:           alpine - musl - ca pm sh
            alpine:edge:             alpine - musl - ca pm sh
            centos:7.9.2009:         rhel - glibc 2.17 ca tz pm sh
            centos:centos7:          rhel - glibc 2.17 ca tz pm sh
            amazonlinux:2:           rhel - glibc 2.26 ca tz pm sh
            amazonlinux:latest:      rhel 2023 glibc 2.34 ca tz pm sh
            oraclelinux:8-slim:      rhel - glibc 2.28 ca tz pm sh
            oraclelinux:9:           rhel - glibc 2.34 ca tz pm sh
            scratch:                 scratch - none -
            busybox:1.36-musl:       busybox - unknown - sh
            ",
        );
    }

    #[test]
    fn variants_of_languages_are_told_apart() {
        check_facts(
            "
            python:3.12-slim:                debian trixie glibc 2.41 ca tz pm sh
            python:3.12.3-slim:              debian bookworm glibc 2.36 ca tz pm sh
            python:3.9-slim-buster:          debian buster glibc 2.28 ca tz pm sh
            python:3.11-alpine:              alpine 3.24 musl 1.2.6 ca tz pm sh
            node:20-bookworm-slim:           debian bookworm glibc 2.36 tz pm sh
            node:lts-alpine:                 alpine 3.24 musl 1.2.6 ca pm sh
            node:18:                         debian bookworm glibc 2.36 gcc git ca tz pm sh
            node:20.11.1-alpine3.18:         alpine 3.18 musl 1.2.4 ca pm sh
            rust:1.75-slim:                  debian bookworm glibc 2.36 gcc ca tz pm sh
            php:8.2-fpm-alpine3.18:          alpine 3.18 musl 1.2.4 ca pm sh
            php:8.2-apache:                  debian trixie glibc 2.41 gcc ca tz pm sh
            eclipse-temurin:17-jre-alpine:   alpine - musl - ca tz pm sh
            mcr.microsoft.com/dotnet/aspnet:8.0: debian bookworm glibc 2.36 ca tz pm sh
            mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled: distroless noble glibc 2.39 ca tz
            mcr.microsoft.com/dotnet/aspnet:8.0-alpine3.20: alpine 3.20 musl 1.2.5 ca pm sh
            ",
        );
    }

    #[test]
    fn distroless_images_have_no_shell_but_the_debug_ones() {
        check_facts(
            "
            gcr.io/distroless/static:                 distroless - none - ca tz
            gcr.io/distroless/static-debian12:nonroot: distroless bookworm none - ca tz
            gcr.io/distroless/base-debian11:          distroless bullseye glibc 2.31 ca tz
            gcr.io/distroless/cc-debian12:debug:      distroless bookworm glibc 2.36 ca tz sh
            gcr.io/distroless/cc-debian12:debug-nonroot: distroless bookworm glibc 2.36 ca tz sh
            gcr.io/distroless/java17-debian12:        distroless bookworm glibc 2.36 ca tz
            gcr.io/distroless/nodejs20-debian12:nonroot: distroless bookworm glibc 2.36 ca tz
            gcr.io/distroless/static:whatever:        unknown
            cgr.dev/chainguard/static:                distroless - none - ca tz
            ",
        );
        let nonroot = facts("gcr.io/distroless/static-debian12:nonroot").unwrap();
        assert_eq!((nonroot.user.as_str(), nonroot.working_dir.as_str()), ("65532", "/home/nonroot"));
        assert_eq!(nonroot.name, "gcr.io/distroless/static-debian12");
    }

    #[test]
    fn golang_brings_its_environment() {
        let env = |image: &str, name: &str| {
            facts(image).unwrap().env.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
        };
        assert_eq!(env("golang:1.22", "GOPATH").as_deref(), Some("/go"));
        assert_eq!(env("golang:1.22", "GOTOOLCHAIN").as_deref(), Some("local"));
        assert_eq!(env("golang", "GOTOOLCHAIN").as_deref(), Some("local"));
        assert_eq!(env("golang:1.20.3", "GOTOOLCHAIN"), None);
        assert_eq!(env("golang:1.20.3-alpine", "GOLANG_VERSION").as_deref(), Some("1.20.3"));
        assert_eq!(env("mcr.microsoft.com/dotnet/aspnet:8.0", "APP_UID").as_deref(), Some("1654"));
        assert_eq!(env("mcr.microsoft.com/dotnet/aspnet:6.0", "APP_UID"), None);
        assert!(env("golang:1.16-alpine", "PATH").unwrap().starts_with("/go/bin:/usr/local/go/bin:/usr/local/sbin:"));
        let facts = facts("golang:1.22").unwrap();
        assert_eq!((facts.working_dir.as_str(), facts.cmd.as_slice()), ("/go", &["bash".to_string()][..]));
        assert!(facts.env_complete && facts.env_unknown == ["GOLANG_VERSION"]);
    }

    #[test]
    fn tables_are_sorted_and_whole() {
        for (table, columns, keys) in [(IMAGES, 26, 2), (SUITES, 3, 1)] {
            let mut before = String::new();
            for line in table.lines().skip(1) {
                let cells: Vec<&str> = line.split('\t').collect();
                assert_eq!(cells.len(), columns, "{line}");
                let key = cells.get(..keys).unwrap().join("\t");
                assert!(before < key, "{line} is out of order");
                before = key;
                let date = cells.last().unwrap();
                assert!(date.len() == 10 && date.starts_with("20"), "{line} has no date");
            }
        }
        for line in IMAGES.lines().skip(1) {
            let row = Row::read(line);
            assert!(!row.get(24).is_empty() && ["seen", "likely"].contains(&row.get(23)), "{line} has no source");
        }
    }
}
