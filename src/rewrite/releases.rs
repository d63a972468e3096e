//! Which distribution and release stand behind a base image, and which bases may stand in for it at run time.
//!
//! The lists age: they were read on 2026-11-20 (docker-library/golang's and distroless's own READMEs, see
//! docs/rewrite.md). What they do not have is not guessed.

use crate::model::ImageFacts;
use crate::syntax::ImageRef;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Debian,
    Ubuntu,
    Alpine,
    /// Red Hat's and others: only their own image can stand in for them.
    Other,
}

/// What the build stage stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    pub family: Family,
    /// `bookworm`, `3.20`, `22.04`; `None` when it is not known.
    pub release: Option<String>,
    /// The tag names the release, or can no longer move.
    pub pinned: bool,
    /// An image of a language (golang) and not the bare distribution.
    pub toolchain_image: bool,
}

/// Debian's releases with their numbers, oldest first.
const DEBIAN: &[(&str, u32)] =
    &[("jessie", 8), ("stretch", 9), ("buster", 10), ("bullseye", 11), ("bookworm", 12), ("trixie", 13)];

/// Debian releases that distroless publishes.
const DISTROLESS: &[u32] = &[12, 13];

/// What `golang:1.N` without a suffix stood on at last, and `golang:1.N-alpine`. A tag of an older patch release may
/// stand on the release before: binaries run on a newer C library, so the last one is the safe answer.
const GOLANG: &[(u32, &str, &str)] = &[
    (9, "stretch", "3.8"),
    (10, "stretch", "3.9"),
    (11, "stretch", "3.10"),
    (12, "buster", "3.11"),
    (13, "buster", "3.12"),
    (14, "buster", "3.13"),
    (15, "buster", "3.14"),
    (16, "bullseye", "3.15"),
    (17, "bullseye", "3.16"),
    (18, "bullseye", "3.17"),
    (19, "bookworm", "3.18"),
    (20, "bookworm", "3.19"),
    (21, "bookworm", "3.20"),
    (22, "bookworm", "3.21"),
    (23, "bookworm", "3.22"),
    (24, "trixie", "3.23"),
    (25, "trixie", "3.23"),
    (26, "trixie", "3.24"),
    (27, "trixie", "3.24"),
];

/// Go versions that are still built anew, so that their plain tags may move to another release.
const MOVING: &[u32] = &[26, 27];

const NEWEST_DEBIAN: &str = "trixie";
const NEWEST_ALPINE: &str = "3.24";

pub(super) fn ground(image: &ImageRef, tag: Option<&str>, facts: Option<&ImageFacts>) -> Option<Ground> {
    let repository = image.repository.text.as_str();
    let name = repository.rsplit('/').next().unwrap_or(repository);
    if name == "golang" && is_official(image) {
        return Some(golang(tag, image.digest.is_some()));
    }
    let facts = facts?;
    let family = match facts.family.as_str() {
        "debian" => Family::Debian,
        "ubuntu" => Family::Ubuntu,
        "alpine" => Family::Alpine,
        _ => Family::Other,
    };
    let toolchain_image = !matches!(
        name,
        "debian"
            | "ubuntu"
            | "alpine"
            | "centos"
            | "fedora"
            | "rockylinux"
            | "almalinux"
            | "oraclelinux"
            | "amazonlinux"
            | "photon"
            | "archlinux"
            | "opensuse"
            | "leap"
            | "ubi"
            | "ubi-minimal"
            | "ubi8"
            | "ubi9"
    );
    let pinned = facts.release.is_some() && tag.is_some_and(|tag| tag != "latest");
    Some(Ground { family, release: facts.release.clone(), pinned, toolchain_image })
}

/// Docker Hub's own image, under its own name or a mirror's.
fn is_official(image: &ImageRef) -> bool {
    let host = image.registry.as_ref().map_or("", |word| word.text.as_str());
    let path = image.repository.text.as_str();
    match host {
        "" | "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            matches!(path, "golang" | "library/golang") || path.ends_with("/library/golang")
        }
        "public.ecr.aws" => path == "docker/library/golang",
        // A mirror of unknown content keeps the name by custom; what it holds is the official image.
        _ => path == "golang" || path.ends_with("library/golang"),
    }
}

fn golang(tag: Option<&str>, digest: bool) -> Ground {
    let mut ground = Ground { family: Family::Debian, release: None, pinned: false, toolchain_image: true };
    let Some(tag) = tag else {
        if !digest {
            ground.release = Some(NEWEST_DEBIAN.into());
        }
        return ground;
    };
    let minor = tag
        .strip_prefix("1.")
        .map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or(""))
        .and_then(|number| number.parse::<u32>().ok());
    let row = minor.and_then(|minor| GOLANG.iter().find(|row| row.0 == minor));
    let settled = minor.is_some_and(|minor| !MOVING.contains(&minor));
    for part in tag.split('-') {
        if let Some(release) = part.strip_prefix("alpine") {
            ground.family = Family::Alpine;
            if release.is_empty() {
                ground.release = match (minor, row) {
                    (_, Some(row)) => Some(row.2.into()),
                    (None, _) => Some(NEWEST_ALPINE.into()),
                    _ => None,
                };
                ground.pinned = settled;
            } else {
                ground.release = Some(release.into());
                ground.pinned = true;
            }
            return ground;
        }
        if DEBIAN.iter().any(|(name, _)| *name == part) {
            ground.release = Some(part.into());
            ground.pinned = true;
            return ground;
        }
    }
    ground.release = match (minor, row) {
        (_, Some(row)) => Some(row.1.into()),
        (None, _) if matches!(tag, "latest" | "1" | "stable") => Some(NEWEST_DEBIAN.into()),
        _ => None,
    };
    ground.pinned = settled;
    ground
}

pub(super) fn is_windows(tag: Option<&str>, repository: &str) -> bool {
    let tag = tag.unwrap_or("");
    tag.contains("nanoserver") || tag.contains("windowsservercore") || repository.starts_with("windows/")
}

impl Ground {
    /// The same distribution and release without a toolchain.
    pub fn slim(&self) -> Option<String> {
        let release = self.release.as_deref()?;
        match self.family {
            Family::Debian => Some(format!("debian:{release}-slim")),
            Family::Alpine => Some(format!("alpine:{release}")),
            Family::Ubuntu => Some(format!("ubuntu:{release}")),
            Family::Other => None,
        }
    }

    fn debian_number(&self) -> Option<u32> {
        let release = self.release.as_deref()?;
        match self.family {
            Family::Debian => DEBIAN.iter().find(|(name, _)| *name == release).map(|(_, number)| *number),
            // The first Debian whose C library is as new: 22.04 has 2.35, 24.04 has 2.39.
            Family::Ubuntu => match release {
                "18.04" | "20.04" | "22.04" | "bionic" | "focal" | "jammy" => Some(12),
                "24.04" | "noble" => Some(13),
                _ => None,
            },
            _ => None,
        }
    }

    /// distroless static: no C library in it, so any release does; the builder's own where it is published.
    pub fn distroless_static(&self) -> String {
        let newest = DISTROLESS.last().copied().unwrap_or_default();
        let oldest = DISTROLESS.first().copied().unwrap_or_default();
        let number = match self.family {
            Family::Debian | Family::Ubuntu => self.debian_number().map_or(newest, |own| own.clamp(oldest, newest)),
            _ => newest,
        };
        format!("gcr.io/distroless/static-debian{number}")
    }

    /// distroless base or cc: glibc must be as new as the builder's.
    pub fn distroless_glibc(&self, variant: &str) -> Option<String> {
        let own = self.debian_number()?;
        let number = DISTROLESS.iter().find(|number| **number >= own)?;
        Some(format!("gcr.io/distroless/{variant}-debian{number}"))
    }

    /// The slim base brings time zones: Debian's up to bookworm, no Alpine, Ubuntu's not.
    pub fn slim_has_tzdata(&self) -> bool {
        self.family == Family::Debian && self.debian_number().is_some_and(|number| number <= 12)
    }

    /// The slim base brings root certificates.
    pub fn slim_has_certificates(&self) -> bool {
        self.family == Family::Alpine
    }

    pub fn alpine(&self) -> bool {
        self.family == Family::Alpine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golang_tags_lead_to_their_release() {
        for (tag, slim, pinned, stat) in [
            (Some("1.22"), Some("debian:bookworm-slim"), true, "static-debian12"),
            (Some("1.27"), Some("debian:trixie-slim"), false, "static-debian13"),
            (Some("1.16.5"), Some("debian:bullseye-slim"), true, "static-debian12"),
            (Some("1.22.3-bookworm"), Some("debian:bookworm-slim"), true, "static-debian12"),
            (Some("1.21-alpine3.18"), Some("alpine:3.18"), true, "static-debian13"),
            (Some("1.21-alpine"), Some("alpine:3.20"), true, "static-debian13"),
            (Some("alpine"), Some("alpine:3.24"), false, "static-debian13"),
            (Some("latest"), Some("debian:trixie-slim"), false, "static-debian13"),
            (None, Some("debian:trixie-slim"), false, "static-debian13"),
            (Some("1.99"), None, true, "static-debian13"),
            (Some("tip"), None, false, "static-debian13"),
        ] {
            let ground = golang(tag, false);
            assert_eq!(ground.slim().as_deref(), slim, "{tag:?}");
            assert_eq!(ground.pinned, pinned, "{tag:?}");
            assert!(ground.distroless_static().ends_with(stat), "{tag:?}");
        }
        assert_eq!(golang(None, true).slim(), None);
    }
}
