//! Which distribution and release stand behind a base image, and which bases may stand in for it at run time.
//!
//! The lists age: they were read on 2026-11-20 (docker-library/golang's and distroless's own READMEs, see
//! docs/rewrite.md). What they do not have is not guessed.

use crate::model::{ImageFacts, facts_for};
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
    /// The official golang image: where it keeps certificates and time zones is known.
    pub golang: bool,
    /// The image has no C compiler, and its Go takes that for CGO_ENABLED=0.
    pub no_compiler: bool,
}

/// Debian's releases with their numbers, oldest first.
const DEBIAN: &[(&str, u32)] =
    &[("jessie", 8), ("stretch", 9), ("buster", 10), ("bullseye", 11), ("bookworm", 12), ("trixie", 13)];

/// Debian releases that distroless publishes.
const DISTROLESS: &[u32] = &[12, 13];

/// From this Go version on the images are still built anew, so that their plain tags may move to another release.
const FIRST_MOVING: u32 = 26;

pub(super) fn ground(image: &ImageRef, tag: Option<&str>, facts: Option<&ImageFacts>) -> Option<Ground> {
    let repository = image.repository.text.as_str();
    let name = repository.rsplit('/').next().unwrap_or(repository);
    if name == "golang" && is_official(image) {
        let mut ground = golang(tag.unwrap_or("latest"), facts);
        if let (None, Some(_)) = (&ground.release, &image.digest) {
            // What the tag is today, which nobody has proved of the image that the digest names.
            let mut tagged = image.clone();
            tagged.digest = None;
            ground.release = facts_for(&tagged).and_then(|facts| facts.release);
            ground.pinned = false;
        }
        return Some(ground);
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
    Some(Ground { family, release: facts.release.clone(), pinned, toolchain_image, golang: false, no_compiler: false })
}

/// What the images of one architecture are called on Docker Hub, `arm64v8/golang`, the platform of these, and whether
/// distroless is published for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Architecture {
    pub prefix: &'static str,
    pub platform: &'static str,
    pub distroless: bool,
}

const ARCHITECTURES: &[Architecture] = &[
    Architecture { prefix: "amd64", platform: "linux/amd64", distroless: true },
    Architecture { prefix: "arm32v5", platform: "linux/arm/v5", distroless: false },
    Architecture { prefix: "arm32v6", platform: "linux/arm/v6", distroless: false },
    Architecture { prefix: "arm32v7", platform: "linux/arm/v7", distroless: true },
    Architecture { prefix: "arm64v8", platform: "linux/arm64", distroless: true },
    Architecture { prefix: "i386", platform: "linux/386", distroless: false },
    Architecture { prefix: "mips64le", platform: "linux/mips64le", distroless: false },
    Architecture { prefix: "ppc64le", platform: "linux/ppc64le", distroless: true },
    Architecture { prefix: "riscv64", platform: "linux/riscv64", distroless: false },
    Architecture { prefix: "s390x", platform: "linux/s390x", distroless: true },
];

/// The one architecture that the base is of, by its name: whatever machine builds the image.
pub(super) fn architecture(image: &ImageRef) -> Option<&'static Architecture> {
    let (first, rest) = image.repository.text.split_once('/')?;
    ARCHITECTURES.iter().find(|known| known.prefix == first && !rest.contains('/'))
}

/// The place of a mirror of Docker Hub's own images that has the others of them, too: `public.ecr.aws/docker/library/`.
pub(super) fn mirror(image: &ImageRef) -> Option<String> {
    let host = image.registry.as_ref().map(|word| word.text.as_str())?;
    let hub = matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io");
    let place = image.repository.text.strip_suffix("golang").filter(|place| place.ends_with("library/"))?;
    (!hub && is_official(image)).then(|| format!("{host}/{place}"))
}

/// Docker Hub's own image, under its own name or a mirror's.
fn is_official(image: &ImageRef) -> bool {
    let host = image.registry.as_ref().map_or("", |word| word.text.as_str());
    let path = image.repository.text.as_str();
    if architecture(image).is_some() && matches!(host, "" | "docker.io" | "index.docker.io") {
        return path.ends_with("/golang");
    }
    match host {
        "" | "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            matches!(path, "golang" | "library/golang") || path.ends_with("/library/golang")
        }
        "public.ecr.aws" => path == "docker/library/golang",
        // A mirror of unknown content keeps the name by custom; what it holds is the official image.
        _ => path == "golang" || path.ends_with("library/golang"),
    }
}

/// The registry serves Docker Hub's own images and nothing that somebody has changed.
pub(super) fn is_surely_official(image: &ImageRef) -> bool {
    let host = image.registry.as_ref().map_or("", |word| word.text.as_str());
    let path = image.repository.text.as_str();
    match host {
        "" | "docker.io" | "index.docker.io" | "registry-1.docker.io" | "mirror.gcr.io" => {
            matches!(path, "golang" | "library/golang") || architecture(image).is_some() && path.ends_with("/golang")
        }
        "public.ecr.aws" => path == "docker/library/golang",
        _ => false,
    }
}

/// The official images stand on Debian or Alpine; which release is behind a tag that does not say it is in the facts.
fn golang(tag: &str, facts: Option<&ImageFacts>) -> Ground {
    let family = if tag.split('-').any(|part| part.starts_with("alpine")) { Family::Alpine } else { Family::Debian };
    // What the tag says counts before what was once read of it, and a mirror's tags are in no list at all.
    let release = named_release(tag).or_else(|| facts.and_then(|facts| facts.release.clone()));
    let minor = tag
        .strip_prefix("1.")
        .map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or(""))
        .and_then(|number| number.parse::<u32>().ok());
    let named = release.as_ref().is_some_and(|release| tag.contains(release.as_str()));
    let settled = minor.is_some_and(|minor| minor < FIRST_MOVING);
    let no_compiler = family == Family::Alpine && has_no_compiler(tag, minor);
    Ground { family, pinned: named || settled, release, toolchain_image: true, golang: true, no_compiler }
}

/// `bookworm` of `1.22-bookworm`, `3.20` of `1.22-alpine3.20`.
fn named_release(tag: &str) -> Option<String> {
    tag.split('-').find_map(|part| {
        let debian = DEBIAN.iter().find(|(name, _)| *name == part).map(|(name, _)| name.to_string());
        let alpine = part.strip_prefix("alpine").filter(|rest| rest.starts_with("3.")).map(String::from);
        debian.or(alpine)
    })
}

/// The Alpine images have no gcc. Go before 1.20 still leaves cgo on then, with the archives that it ships.
fn has_no_compiler(tag: &str, minor: Option<u32>) -> bool {
    if let Some(minor) = minor {
        return minor >= 20;
    }
    // `alpine3.11` was last built for Go 1.14; 3.18 is the first Alpine that no Go before 1.20 stands on.
    let alpine = tag.strip_prefix("1-").unwrap_or(tag).strip_prefix("alpine");
    match alpine {
        Some("") => true,
        Some(release) => {
            release.strip_prefix("3.").and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number >= 18)
        }
        None => false,
    }
}

/// `golang:alpine3.11` and older tags that name no version of Go: the last image under them was built before Go 1.16,
/// which came in February 2021.
pub(super) fn is_before_modules(tag: &str) -> bool {
    let alpine = tag.strip_prefix("alpine3.").and_then(|number| number.parse::<u32>().ok());
    alpine.is_some_and(|number| number <= 11) || tag == "jessie"
}

pub(super) fn is_windows(tag: Option<&str>, repository: &str) -> bool {
    let tag = tag.unwrap_or("");
    tag.contains("nanoserver") || tag.contains("windowsservercore") || repository.starts_with("windows/")
}

impl Ground {
    /// A base of which nothing is known.
    pub fn unknown() -> Ground {
        Ground {
            family: Family::Other,
            release: None,
            pinned: false,
            toolchain_image: false,
            golang: false,
            no_compiler: false,
        }
    }

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
    use crate::model::facts_for;

    #[test]
    fn golang_tags_lead_to_their_release() {
        for (text, slim, pinned, distroless) in [
            ("golang:1.22", Some("debian:bookworm-slim"), true, "static-debian12"),
            ("golang:1.27", Some("debian:trixie-slim"), false, "static-debian13"),
            ("golang:1.16.5", Some("debian:buster-slim"), true, "static-debian12"),
            ("docker.io/library/golang:1.22.3-bookworm", Some("debian:bookworm-slim"), true, "static-debian12"),
            ("golang:1.21-alpine3.18", Some("alpine:3.18"), true, "static-debian13"),
            ("golang:1.21-alpine", Some("alpine:3.20"), true, "static-debian13"),
            ("golang:alpine", Some("alpine:3.24"), false, "static-debian13"),
            ("golang", Some("debian:trixie-slim"), false, "static-debian13"),
            ("golang:1.99", None, false, "static-debian13"),
            ("golang:tip", None, false, "static-debian13"),
        ] {
            let image = ImageRef::from_text(text);
            let tag = image.tag.as_ref().map(|tag| tag.text.as_str());
            let ground = ground(&image, tag, facts_for(&image).as_ref()).unwrap();
            assert_eq!(ground.slim().as_deref(), slim, "{text}");
            assert_eq!(ground.pinned, pinned, "{text}");
            assert!(ground.distroless_static().ends_with(distroless), "{text}");
        }
    }

    #[test]
    fn names_tell_the_architecture_and_the_mirror() {
        for (text, platform, place) in [
            ("golang:1.22", None, None),
            ("arm64v8/golang:1.22", Some("linux/arm64"), None),
            ("docker.io/i386/golang:1.22", Some("linux/386"), None),
            ("someone/golang:1.22", None, None),
            ("docker.io/library/golang", None, None),
            ("public.ecr.aws/docker/library/golang", None, Some("public.ecr.aws/docker/library/")),
            ("mirror.gcr.io/library/golang", None, Some("mirror.gcr.io/library/")),
            ("registry.example.com/golang", None, None),
        ] {
            let image = ImageRef::from_text(text);
            assert_eq!(architecture(&image).map(|found| found.platform), platform, "{text}");
            assert_eq!(mirror(&image).as_deref(), place, "{text}");
        }
    }

    #[test]
    fn glibc_of_the_final_base_is_never_older() {
        let ground = |release: &str, family| Ground {
            family,
            release: Some(release.into()),
            pinned: true,
            toolchain_image: true,
            golang: true,
            no_compiler: false,
        };
        for (release, family, want) in [
            ("buster", Family::Debian, Some("gcr.io/distroless/base-debian12")),
            ("bookworm", Family::Debian, Some("gcr.io/distroless/base-debian12")),
            ("trixie", Family::Debian, Some("gcr.io/distroless/base-debian13")),
            ("forky", Family::Debian, None),
            ("24.04", Family::Ubuntu, Some("gcr.io/distroless/base-debian13")),
            ("3.20", Family::Alpine, None),
        ] {
            assert_eq!(ground(release, family).distroless_glibc("base").as_deref(), want, "{release}");
        }
    }

    #[test]
    fn alpine_images_of_go_1_20_and_newer_have_cgo_off() {
        for (text, want) in [
            ("golang:1.22-alpine", true),
            ("golang:1.20-alpine3.17", true),
            ("golang:1.19-alpine", false),
            ("golang:alpine", true),
            ("golang:1-alpine", true),
            ("golang:alpine3.11", false),
            ("golang:alpine3.19", true),
            ("golang:1.22", false),
            ("golang:alpine-custom", false),
        ] {
            let image = ImageRef::from_text(text);
            let tag = image.tag.as_ref().map(|tag| tag.text.as_str());
            assert_eq!(ground(&image, tag, facts_for(&image).as_ref()).unwrap().no_compiler, want, "{text}");
        }
    }
}
