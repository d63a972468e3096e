//! Names of images: which reference a text stands for, and under which name the tables know it.

use super::tables;
use crate::syntax::{ImageRef, Word};
use crate::text::Span;

const ALIASES: &str = include_str!("../../rules/tables/aliases.tsv");

/// The reference that an expanded name stands for; `None` when it can be none.
pub fn reference(text: &str, span: Span) -> Option<ImageRef> {
    let image = ImageRef::from_word(&Word { span, text: text.into() });
    let part = |word: &Option<Word>| word.as_ref().is_none_or(|word| !word.text.is_empty());
    let name = image.repository.text.as_str();
    let valid = !name.is_empty()
        && !name.contains(char::is_whitespace)
        && !name.starts_with('/')
        && !name.ends_with('/')
        && part(&image.registry)
        && part(&image.tag)
        && part(&image.digest);
    valid.then_some(image)
}

/// The reference with everything that Docker adds: `debian` is `docker.io/library/debian:latest`. Another name of the
/// same registry is none: mirrors may hold something else.
pub fn full_name(text: &str) -> String {
    let image = ImageRef::from_text(text);
    let registry = match image.registry.as_ref().map(|word| word.text.as_str()) {
        None | Some("index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com") => "docker.io",
        Some(registry) => registry,
    };
    let repository = image.repository.text.as_str();
    let library = if registry == "docker.io" && !repository.contains('/') { "library/" } else { "" };
    let mut name = format!("{registry}/{library}{repository}");
    match (&image.tag, &image.digest) {
        (Some(tag), _) => name.extend([":", tag.text.as_str()]),
        (None, None) => name.push_str(":latest"),
        (None, Some(_)) => {}
    }
    if let Some(digest) = &image.digest {
        name.extend(["@", digest.text.as_str()]);
    }
    name
}

/// The name or tag says that it is a Windows image.
pub fn names_windows(image: &ImageRef) -> bool {
    let name = image.name().to_ascii_lowercase();
    let tag = image.tag.as_ref().map_or(String::new(), |tag| tag.text.as_str().to_ascii_lowercase());
    ["nanoserver", "servercore", "/windows/", "dotnet/framework"].iter().any(|word| name.contains(word))
        || ["nanoserver", "windowsservercore", "ltsc20"].iter().any(|word| tag.contains(word))
}

/// Without mirrors and under its present name: `docker.io/library/debian` is `debian`, `redhat/ubi9` is `registry.access.redhat.com/ubi9/ubi`.
pub fn canonical_name(name: &str) -> String {
    let mut name = name.to_ascii_lowercase();
    // Each round takes one mirror or one old name away; more than a few are an accident.
    for _ in 0..5 {
        match shorter_name(&name) {
            Some(next) => name = next,
            None => break,
        }
    }
    name
}

fn shorter_name(name: &str) -> Option<String> {
    let alias = |from: &str, kind: &str| {
        let columns = tables::lines(ALIASES, from).map(|line| line.split('\t').collect::<Vec<_>>());
        columns.into_iter().find_map(|columns| match columns.as_slice() {
            [_, row_kind, to, ..] if *row_kind == kind => Some(to.to_string()),
            _ => None,
        })
    };
    if let Some(to) = alias(name, "name") {
        return Some(to);
    }
    for (at, _) in name.match_indices('/') {
        let (prefix, rest) = name.split_at(at + 1);
        if let Some(to) = alias(prefix, "prefix") {
            return Some(format!("{to}{rest}"));
        }
    }
    const ARCHITECTURES: [&str; 10] =
        ["aarch64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "armhf", "mips64le", "ppc64le", "riscv64", "s390x"];
    let (first, rest) = name.split_once('/')?;
    if ARCHITECTURES.contains(&first) && !rest.contains('/') {
        return Some(rest.to_string());
    }
    if first == "index.docker.io" {
        return Some(rest.to_string());
    }
    if let Some(rest) = name.strip_prefix("mcr.microsoft.com/dotnet/core/") {
        return Some(format!("mcr.microsoft.com/dotnet/{rest}"));
    }
    // ubi9, ubi9-minimal: the same images as ubi9/ubi, ubi9/ubi-minimal.
    let ubi = name.strip_prefix("redhat/").or_else(|| name.strip_prefix("registry.access.redhat.com/"))?;
    let (release, kind) = ubi.split_once('-').unwrap_or((ubi, ""));
    let digits = release.strip_prefix("ubi")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match kind {
        "" => Some(format!("registry.access.redhat.com/{release}/ubi")),
        "minimal" | "micro" | "init" => Some(format!("registry.access.redhat.com/{release}/ubi-{kind}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_and_old_names_lead_to_the_image() {
        for (name, expected) in [
            ("docker.io/library/debian", "debian"),
            ("index.docker.io/library/debian", "debian"),
            ("mirror.gcr.io/library/golang", "golang"),
            ("public.ecr.aws/docker/library/node", "node"),
            ("mcr.microsoft.com/mirror/docker/library/python", "python"),
            ("arm64v8/golang", "golang"),
            ("amd64/ubuntu", "ubuntu"),
            ("redhat/ubi9-minimal", "registry.access.redhat.com/ubi9/ubi-minimal"),
            ("registry.redhat.io/ubi8", "registry.access.redhat.com/ubi8/ubi"),
            ("registry.access.redhat.com/ubi9/go-toolset", "registry.access.redhat.com/ubi9/go-toolset"),
            ("public.ecr.aws/amazonlinux/amazonlinux", "amazonlinux"),
            ("mcr.microsoft.com/dotnet/core/sdk", "mcr.microsoft.com/dotnet/sdk"),
            ("example.com/library/debian", "example.com/library/debian"),
            ("someone/debian", "someone/debian"),
        ] {
            assert_eq!(canonical_name(name), expected);
        }
    }

    #[test]
    fn a_full_name_says_what_docker_adds() {
        for (text, expected) in [
            ("debian", "docker.io/library/debian:latest"),
            ("docker.io/library/debian:12", "docker.io/library/debian:12"),
            ("index.docker.io/debian:12", "docker.io/library/debian:12"),
            ("grafana/grafana:11@sha256:ab", "docker.io/grafana/grafana:11@sha256:ab"),
            ("debian@sha256:ab", "docker.io/library/debian@sha256:ab"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("gcr.io/distroless/static:nonroot", "gcr.io/distroless/static:nonroot"),
        ] {
            assert_eq!(full_name(text), expected);
        }
    }

    #[test]
    fn what_cannot_be_a_reference_is_none() {
        for text in ["", "golang:", ":1", "a b", "/x", "x/", "x@"] {
            assert!(reference(text, Span::default()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn aliases_are_sorted_and_whole() {
        let mut before = "";
        for line in ALIASES.lines().skip(1) {
            assert!(before < line && line.split('\t').count() == 6, "{line}");
            before = line;
        }
    }
}
