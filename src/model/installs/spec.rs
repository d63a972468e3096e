//! One word of an install command -> package name, version and where it comes from.

use super::{PackageKind, Spec};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub name: &'a str,
    pub version: Option<String>,
    pub kind: PackageKind,
}

/// `None` for a word that names no package to install, such as apt's `foo-` (remove foo).
pub(super) fn split(spec: Spec, text: &str) -> Option<Split<'_>> {
    if text.is_empty() {
        return None;
    }
    if is_url(text) {
        return Some(Split { name: text, version: None, kind: PackageKind::Url });
    }
    let plain = |name, version: Option<&str>| {
        Some(Split { name, version: version.map(String::from), kind: PackageKind::Named })
    };
    let path = || Some(Split { name: text, version: None, kind: PackageKind::Path });
    match spec {
        Spec::Apt => {
            if is_path(text) || text.ends_with(".deb") {
                return path();
            }
            let (name, version) = cut(text, &["=", "/"]);
            if version.is_none() && name.ends_with('-') {
                return None;
            }
            plain(name.split(':').next().unwrap_or(name), version)
        }
        Spec::Apk => {
            if is_path(text) || text.ends_with(".apk") {
                return path();
            }
            if text.starts_with('!') {
                return None;
            }
            let text = text.split('@').next().unwrap_or(text);
            let (name, version) = constraint(text, &['=', '~', '<', '>']);
            Some(Split { name, version, kind: PackageKind::Named })
        }
        Spec::Rpm | Spec::Zypper => {
            if is_path(text) || text.ends_with(".rpm") {
                return path();
            }
            if text.starts_with('@') || text.starts_with("pattern:") {
                return Some(Split { name: text, version: None, kind: PackageKind::Group });
            }
            if spec == Spec::Zypper && text.starts_with(['-', '!', '~']) {
                return None;
            }
            let (name, version) = constraint(text, &['=', '<', '>']);
            if version.is_some() {
                return Some(Split { name, version, kind: PackageKind::Named });
            }
            let (name, version) = rpm_version(text);
            plain(name, version)
        }
        Spec::Pip => {
            let text = text.split(';').next().unwrap_or(text).trim();
            if let Some((name, _)) = text.split_once(" @ ").or_else(|| text.split_once("@ ")) {
                return Some(Split { name: without_extras(name.trim()), version: None, kind: PackageKind::Url });
            }
            let end = text.find(['=', '<', '>', '~', '!']).unwrap_or(text.len());
            let (name, rest) = text.split_at_checked(end)?;
            if is_path(name)
                || name.contains('/')
                || name.ends_with(".whl")
                || name.ends_with(".tar.gz")
                || name.ends_with(".zip")
            {
                return path();
            }
            let version = match rest.strip_prefix("===").or_else(|| rest.strip_prefix("==")) {
                Some(exact) if !exact.contains(',') => Some(exact.trim().to_string()),
                _ => (!rest.is_empty()).then(|| rest.to_string()),
            };
            Some(Split { name: without_extras(name.trim()), version, kind: PackageKind::Named })
        }
        Spec::Npm => {
            if is_path(text) || text.ends_with(".tgz") || text.ends_with(".tar.gz") || text.starts_with("file:") {
                return path();
            }
            let scoped = text.starts_with('@');
            let from = usize::from(scoped);
            let at = text.get(from..)?.find('@').map(|at| at + from);
            let (name, version) = match at {
                Some(at) => (text.get(..at)?, text.get(at + 1..)),
                None => (text, None),
            };
            if !scoped && name.contains('/') || text.contains(':') && !text.contains("npm:") {
                return Some(Split { name: text, version: None, kind: PackageKind::Url });
            }
            plain(name, version)
        }
        Spec::Gem => {
            if is_path(text) || text.ends_with(".gem") {
                return path();
            }
            let (name, version) = cut(text, &[":"]);
            plain(name, version)
        }
        Spec::Go | Spec::Cargo => {
            if is_path(text) || text == "..." {
                return path();
            }
            let (name, version) = cut(text, &["@"]);
            plain(name, version)
        }
    }
}

fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("git+") || text.starts_with("github:") || text.starts_with("git@")
}

fn is_path(text: &str) -> bool {
    text == "."
        || text == ".."
        || text.starts_with("./")
        || text.starts_with("../")
        || text.starts_with('/')
        || text.starts_with("~/")
        || text.starts_with(".[")
}

fn cut<'a>(text: &'a str, separators: &[&str]) -> (&'a str, Option<&'a str>) {
    let found = separators.iter().filter_map(|separator| text.split_once(separator)).min_by_key(|(name, _)| name.len());
    match found {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    }
}

/// `name=1`: version `1`; any other operator stays with the version: `~=1.4`, `>2`.
fn constraint<'a>(text: &'a str, operators: &[char]) -> (&'a str, Option<String>) {
    let Some(at) = text.find(operators) else { return (text, None) };
    let (name, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let version = match rest.strip_prefix('=') {
        Some(exact) if !exact.starts_with(['<', '>', '~']) => exact.trim_start_matches('=').trim().to_string(),
        _ => rest.trim().to_string(),
    };
    (name.trim_end(), Some(version))
}

fn without_extras(name: &str) -> &str {
    name.split('[').next().unwrap_or(name).trim_end()
}

/// `name-1.2-3.el9.x86_64`: a version begins with a digit and has a dot, so that `java-17-openjdk` and
/// `gcc-toolset-9` are names.
fn rpm_version(text: &str) -> (&str, Option<&str>) {
    const ARCHES: &[&str] = &[".x86_64", ".aarch64", ".noarch", ".i686", ".ppc64le", ".s390x"];
    let text = ARCHES.iter().find_map(|arch| text.strip_suffix(arch)).unwrap_or(text);
    let is_version = |part: &str| {
        let part = part.split_once(':').map_or(part, |(_, version)| version);
        part.starts_with(|digit: char| digit.is_ascii_digit()) && part.contains('.') && !part.contains('_')
    };
    let Some((head, last)) = text.rsplit_once('-') else { return (text, None) };
    if let Some((name, version)) = head.rsplit_once('-')
        && is_version(version)
        && last.starts_with(|digit: char| digit.is_ascii_digit() || digit == '*' || digit == '$')
    {
        return (name, text.get(name.len() + 1..));
    }
    if is_version(last) { (head, Some(last)) } else { (text, None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        use PackageKind::{Group, Named, Path, Url};
        for (spec, text, name, version, kind) in [
            (Spec::Apt, "curl", "curl", None, Named),
            (Spec::Apt, "curl=7.88.1-10+deb12u5", "curl", Some("7.88.1-10+deb12u5"), Named),
            (Spec::Apt, "libc6:i386=2.36", "libc6", Some("2.36"), Named),
            (Spec::Apt, "foo/stable", "foo", Some("stable"), Named),
            (Spec::Apt, "g++", "g++", None, Named),
            (Spec::Apt, "./x.deb", "./x.deb", None, Path),
            (Spec::Apt, "/tmp/x.deb", "/tmp/x.deb", None, Path),
            (Spec::Apk, "curl=8.5.0-r0", "curl", Some("8.5.0-r0"), Named),
            (Spec::Apk, "curl~8.5", "curl", Some("~8.5"), Named),
            (Spec::Apk, "curl~=8.5", "curl", Some("~=8.5"), Named),
            (Spec::Apk, "curl>8", "curl", Some(">8"), Named),
            (Spec::Apk, "curl@edge", "curl", None, Named),
            (Spec::Rpm, "java-17-openjdk-devel", "java-17-openjdk-devel", None, Named),
            (Spec::Rpm, "java-1.8.0-openjdk", "java-1.8.0-openjdk", None, Named),
            (Spec::Rpm, "curl-7.61.1-33.el8.x86_64", "curl", Some("7.61.1-33.el8"), Named),
            (Spec::Rpm, "curl-7.61", "curl", Some("7.61"), Named),
            (Spec::Rpm, "gcc-toolset-9", "gcc-toolset-9", None, Named),
            (Spec::Rpm, "glibc.i686", "glibc", None, Named),
            (Spec::Rpm, "@development", "@development", None, Group),
            (Spec::Rpm, "https://x/y.rpm", "https://x/y.rpm", None, Url),
            (Spec::Zypper, "curl=1.2", "curl", Some("1.2"), Named),
            (Spec::Pip, "flask", "flask", None, Named),
            (Spec::Pip, "flask==1.0", "flask", Some("1.0"), Named),
            (Spec::Pip, "flask[async]~=1.4", "flask", Some("~=1.4"), Named),
            (Spec::Pip, "flask>=1,<2", "flask", Some(">=1,<2"), Named),
            (Spec::Pip, "flask @ https://x/y.whl", "flask @ https://x/y.whl", None, Url),
            (Spec::Pip, ".", ".", None, Path),
            (Spec::Pip, ".[dev]", ".[dev]", None, Path),
            (Spec::Pip, "dist/x.whl", "dist/x.whl", None, Path),
            (Spec::Pip, "git+https://x/y", "git+https://x/y", None, Url),
            (Spec::Npm, "typescript@5.1", "typescript", Some("5.1"), Named),
            (Spec::Npm, "@angular/cli@17", "@angular/cli", Some("17"), Named),
            (Spec::Npm, "@angular/cli", "@angular/cli", None, Named),
            (Spec::Npm, "user/repo", "user/repo", None, Url),
            (Spec::Npm, "./local", "./local", None, Path),
            (Spec::Gem, "rails:7.0", "rails", Some("7.0"), Named),
            (Spec::Go, "golang.org/x/tools/gopls@v0.14.0", "golang.org/x/tools/gopls", Some("v0.14.0"), Named),
            (Spec::Go, "./cmd/app", "./cmd/app", None, Path),
            (Spec::Cargo, "ripgrep@14.0.0", "ripgrep", Some("14.0.0"), Named),
        ] {
            let got = split(spec, text).unwrap();
            assert_eq!((got.name, got.version.as_deref(), got.kind), (name, version, kind), "{text}");
        }
        assert_eq!(split(Spec::Apt, "foo-"), None);
        assert_eq!(split(Spec::Apk, "!foo"), None);
    }
}
