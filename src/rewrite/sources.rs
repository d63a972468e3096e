//! Where packages come from: what the file changes of its sources has to stand before an install of the final stage,
//! and a release that left the mirrors gets no package that the file did not install there.

use super::case::Case;
use super::effects::{Effect, Kind};
use super::paths::within;
use super::placed::of_transfer;
use super::refuse::refuse;
use super::releases::{Family, Ground};
use super::{Refusal, Tier};
use crate::model::variables;
use crate::shell::Joiner;
use crate::syntax::InstId;
use crate::text::Span;

/// What the package managers read: lists of sources, keys, pins.
const DIRECTORIES: &[&str] = &[
    "/etc/apt",
    "/etc/apk",
    "/etc/pki",
    "/etc/yum.conf",
    "/etc/yum.repos.d",
    "/etc/zypp",
    "/usr/share/keyrings",
    "/usr/share/postgresql-common",
];

pub(super) fn is_source(path: &str) -> bool {
    DIRECTORIES.iter().any(|dir| within(path, dir))
}

/// A change of the sources that needs nothing but the base, so that the final stage makes it again as it is written.
pub(super) fn is_simple(effect: &Effect<'_>) -> bool {
    let Kind::Write(paths) = &effect.kind else { return false };
    let cmd = effect.cmd;
    let words = || cmd.args.iter().map(|arg| arg.text.as_str());
    let plain = |text: &str| {
        let names = variables(text, '\\');
        let known = names.iter().all(|name| effect.step.env.get(name).is_some() && cmd.variable(name).is_none());
        // The slim images have no root certificates, and a key would have to be fetched.
        let fetched = text.contains("signed-by") || text.contains("Signed-By") || text.contains("https");
        known && !fetched && !text.contains(['`']) && !text.contains("$(")
    };
    !paths.is_empty()
        && paths.iter().all(|path| within(path, "/etc/apt") || within(path, "/etc/apk"))
        && matches!(cmd.name.text.as_str(), "sed" | "echo" | "printf")
        && cmd.redirects.iter().all(|redirect| redirect.operator.starts_with('>'))
        && cmd.joiner != Joiner::Pipe
        && !cmd.conditional
        && cmd.depth == 0
        && words().all(plain)
}

/// The last change of the sources that the final stage makes again.
pub(super) fn last_simple(effects: &[Effect<'_>]) -> Option<InstId> {
    effects.iter().filter(|effect| is_simple(effect)).map(|effect| effect.inst).max()
}

/// The first change of the sources that is not made again: `curl … | bash`, a key, a list by COPY.
fn first_lost(case: &Case<'_>, effects: &[Effect<'_>]) -> Option<(InstId, Span)> {
    let copied = case.steps().filter_map(|(step, inst)| {
        let placed = of_transfer(case, step, inst).unwrap_or_default();
        placed.iter().any(|placed| is_source(&placed.path)).then_some((step.inst, inst.content))
    });
    let run = effects.iter().filter(|effect| {
        let name = effect.cmd.name.text.as_str();
        match &effect.kind {
            Kind::Write(paths) => paths.iter().any(|path| is_source(path)) && !is_simple(effect),
            Kind::Unknown(_) => match name {
                "bash" | "sh" | "sudo" => effect.cmd.joiner == Joiner::Pipe,
                "add-apt-repository" | "apt-key" | "apt-mark" | "dpkg" | "rpm" | "yum-config-manager" | "apt-get"
                | "apt" | "apk" | "dnf" | "yum" | "microdnf" | "zypper" => true,
                // The answers that the packages ask for when they are installed.
                "debconf-set-selections" | "debconf-communicate" => true,
                _ => false,
            },
            _ => false,
        }
    });
    copied.chain(run.map(|effect| (effect.inst, effect.cmd.span))).min_by_key(|(inst, _)| *inst)
}

/// The final stage may install a package that the file does not name.
pub(super) fn may_add(case: &Case<'_>, ground: Option<&Ground>, effects: &[Effect<'_>]) -> bool {
    first_lost(case, effects).is_none() && ground.is_none_or(|ground| off_the_mirrors(ground).is_none())
}

/// Names of the releases that are found as base images and have no long support.
const UBUNTU: &[(&str, &str)] = &[
    ("artful", "17.10"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("precise", "12.04"),
    ("questing", "25.10"),
    ("wily", "15.10"),
    ("yakkety", "16.10"),
    ("zesty", "17.04"),
];

/// Releases before this year had their last updates by November 2026, but for those with long support.
const LAST_UBUNTU: u32 = 26;

/// The distribution and release, where its packages have moved to an archive.
fn off_the_mirrors(ground: &Ground) -> Option<String> {
    let release = ground.release.as_deref()?;
    match (ground.family, release) {
        (Family::Debian, "jessie" | "stretch" | "buster") => Some(format!("Debian {release}")),
        // Releases without long support move to old-releases.ubuntu.com: those of an odd year, and those of October.
        (Family::Ubuntu, _) => {
            let number = UBUNTU.iter().find(|(name, _)| *name == release).map_or(release, |(_, number)| number);
            let (year, month) = number.split_once('.')?;
            let year = year.parse::<u32>().ok().filter(|year| *year < LAST_UBUNTU)?;
            (year % 2 == 1 || month != "04" || year < 14).then(|| format!("Ubuntu {release}"))
        }
        _ => None,
    }
}

/// `installs` are the instructions of the file that install again in the final stage; `added`, that the rewrite adds an
/// install of its own.
pub(super) fn check(
    case: &Case<'_>,
    ground: Option<&Ground>,
    effects: &[Effect<'_>],
    installs: &[InstId],
    added: &[String],
    tier: Tier,
) -> Result<(), Refusal> {
    if tier > Tier::SameDistro {
        return Ok(());
    }
    if let (Some((from, span)), true) = (first_lost(case, effects), !installs.is_empty() || !added.is_empty())
        && (!added.is_empty() || installs.iter().any(|inst| *inst >= from))
    {
        return Err(refuse(
            "package-sources",
            span,
            "the final stage would install packages without the package sources or the answers that this sets up",
            "write the final stage by hand: set the sources up there, too, in front of its packages",
        ));
    }
    if let (Some(name), Some(release)) = (added.first(), ground.and_then(off_the_mirrors)) {
        return Err(refuse(
            "package-sources",
            case.base_span(),
            format!("the final stage needs the package {name}, and {release} is no longer on its mirrors"),
            "take a base of a newer release, or write the final stage by hand",
        ));
    }
    Ok(())
}

/// True for a RUN that installs with a package manager of a distribution.
pub(super) fn is_install(text: &str) -> bool {
    let mut words = text.split(|letter: char| letter.is_whitespace() || matches!(letter, ';' | '&' | '|' | '(' | ')'));
    let mut manager = false;
    words.any(|word| {
        manager |=
            matches!(word, "apt-get" | "apt" | "aptitude" | "apk" | "dnf" | "yum" | "microdnf" | "zypper" | "tdnf");
        manager && matches!(word, "install" | "add" | "in" | "build-dep")
    })
}

/// The name under which the file itself installs the package: `postgresql16-client`, `postgresql-client-16`.
pub(super) fn own_name<'e>(effects: &'e [Effect<'_>], package: &str) -> Option<&'e str> {
    let names = effects.iter().filter_map(|effect| match &effect.kind {
        Kind::Install(install) => Some(install.packages.iter().map(|package| package.name.as_str())),
        _ => None,
    });
    let mut own: Option<&str> = None;
    for name in names.flatten() {
        let bare: String = name.chars().filter(|letter| !letter.is_ascii_digit() && *letter != '.').collect();
        if name == package {
            return None;
        }
        if bare.trim_end_matches('-') == package {
            own = Some(name);
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::is_install;

    #[test]
    fn installs_are_known_by_their_words() {
        for (text, want) in [
            ("RUN apt-get update && apt-get install -y curl", true),
            ("RUN apk --no-cache add curl", true),
            ("RUN apk update", false),
            ("RUN adduser -D app", false),
            ("RUN install -d /data", false),
        ] {
            assert_eq!(is_install(text), want, "{text}");
        }
    }
}
