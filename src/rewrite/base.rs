//! The smallest final base whose preconditions are proved, and why it is no smaller one.

use super::case::Case;
use super::effects::{Effect, Kind};
use super::fetched::{Fetched, How};
use super::language::is_outside_of_packages;
use super::link::{Link, carries_either, cxx_package};
use super::needs::{Claim, Needs};
use super::packages::{Provided, builds_only, is_toolchain, provider};
use super::paths::{base_name, within};
use super::placed::{owner_of, owners};
use super::refuse::refuse;
use super::releases::{Family, Ground, architecture, mirror};
use super::{Refusal, RuledOut, Tier};
use crate::settings::BaseWish;
use crate::text::Span;

#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub tier: Tier,
    /// As it is written into FROM.
    pub base: String,
    pub why: String,
    pub ruled_out: Vec<RuledOut>,
    /// Packages that the final stage installs beside those of the file.
    pub packages: Vec<String>,
    /// Programs of other images, of the network and of archives that are started.
    pub fetched: Vec<Fetched>,
    /// Assumptions that the user's own wish brings with it.
    pub open: Vec<Claim>,
}

/// A reason against a tier: the largest tier that it still allows.
struct Bar {
    most: Tier,
    claim: Claim,
    /// Only not known; a wish of the user may go past it.
    soft: bool,
}

pub(super) fn choose(
    case: &Case<'_>,
    ground: Option<&Ground>,
    links: &[Link],
    needs: &Needs,
    effects: &[Effect<'_>],
    own: &[&str],
) -> Result<Choice, Refusal> {
    let alpine = ground.is_some_and(Ground::alpine);
    let mut bars: Vec<Bar> = Vec::new();
    let mut bar = |most, soft, claim: &Claim| bars.push(Bar { most, claim: claim.clone(), soft });
    for link in links {
        match link {
            Link::Static { .. } => {}
            Link::Libc { why, .. } => {
                let most = if alpine || ground.is_none() { Tier::SameDistro } else { Tier::Distroless };
                bar(most, false, why);
            }
            Link::Libraries { why, .. } => bar(Tier::SameDistro, false, why),
            Link::Either { .. } if carries_either(ground, effects) => {}
            Link::Either { why, .. } => bar(Tier::SameDistro, false, why),
            Link::Unknown { why } => bar(Tier::SameDistro, true, why),
        }
    }
    if let Some(own) = case.stage.image().and_then(architecture).filter(|own| !own.distroless) {
        let text = format!("distroless is not published for {}", own.platform);
        bar(Tier::SameDistro, false, &Claim::at(text, case.base_span()));
    }
    if let Some(claim) = &needs.shell {
        bar(Tier::SameDistro, false, claim);
    }
    let linked = links.iter().any(needs_libc);
    let hashed = super::trust::named(needs, linked);
    if let Some(claim) = &hashed {
        bar(Tier::SameDistro, false, claim);
    }
    // Built with -trimpath it does not know where the toolchain was, whose time zones an empty image could have.
    if let Some(claim) = needs.time_zones.as_ref().filter(|_| case.walk.builds.iter().any(|go| go.trimpath)) {
        bar(Tier::Distroless, false, claim);
    }
    let mut open = Vec::new();
    let mut packages = Vec::new();
    let mut fetched: Vec<Fetched> = Vec::new();
    // Programs that may be in an archive which is unpacked among programs.
    let mut unpacked_too: Vec<Claim> = Vec::new();
    for (name, claim) in &needs.programs {
        if own.contains(&name.as_str()) {
            continue;
        }
        if is_toolchain(name) {
            return Err(refuse(
                "runtime-toolchain",
                claim.shown.span.unwrap_or(case.base_span()),
                format!("{}{}, so the image needs the toolchain when it runs", claim.text, claim.in_file()),
                "start the program without it, or keep the single stage",
            ));
        }
        let brought = super::fetched::find(case, effects, name);
        let copied = brought.as_ref().is_some_and(|found| found.how != How::Unpacked);
        let at = needs.by_path.iter().find(|(program, _)| program == name).map(|(_, path)| path.as_str());
        let made = made_by_run(effects, name, at) || copied || super::by_name::place(case, name).is_some();
        let unpacked = brought.as_ref().filter(|found| found.how == How::Unpacked);
        let named = unpacked.is_some_and(|found| super::fetched::says(case, effects, found, name));
        bar(Tier::SameDistro, false, claim);
        let own_packages = at.is_none_or(|path| !is_outside_of_packages(path));
        let unknown = |span: Option<Span>, why: String, help: &str| {
            let span = claim.shown.span.or(span).unwrap_or(case.base_span());
            refuse("unknown-program", span, format!("{}{}, {why}", claim.text, claim.in_file()), help)
        };
        if let Some((effect, manager)) = super::language::brings(effects, name).filter(|_| !made) {
            let package = provider(name, alpine) != Provided::Unknown || !case.options.stated.packages.is_empty();
            if !own_packages || !package {
                let help = "install it from a package of the distribution, or write the final stage by hand";
                return Err(unknown(
                    Some(effect.cmd.span),
                    format!("and {manager} puts it there, which the final stage does not do again"),
                    help,
                ));
            }
            let text = format!("the {name} of the distribution does what the one of {manager} does");
            open.push(Claim::at(text, effect.cmd.span));
        } else if let (Some(path), false, false, None) = (at, own_packages, made, &brought)
            && provider(name, alpine) != Provided::Unknown
        {
            let why = format!("by {path}, and no package of the distribution puts it there");
            return Err(unknown(None, why, "name the program by the path that its package has, or copy it there"));
        }
        match provider(name, alpine) {
            _ if made => {}
            // `wget …/ffmpeg-static.tar.xz | tar xJ -C /usr/local/bin`: that one, and not the distribution's.
            Provided::By(package) if named && !installs(effects, package) => {}
            Provided::By(package) => {
                if unpacked.is_some() && !installs(effects, package) {
                    let text =
                        format!("{name} of the package {package} is what an archive does not bring: {}", claim.text);
                    unpacked_too.push(Claim { text, ..claim.clone() });
                }
                // netcat-traditional is another nc than the one that we would take.
                let own = brought_by(effects, name).filter(|_| !installs(effects, package));
                let own = own.or_else(|| super::sources::own_name(effects, package));
                packages.push(own.unwrap_or(package).to_string());
            }
            Provided::Already => {}
            // The old base has it, or one of the packages that the final stage installs again.
            Provided::Unknown if !case.options.stated.packages.is_empty() => {}
            Provided::Unknown if brought.is_some() => {}
            Provided::Unknown
                if ground.is_some_and(|ground| !ground.toolchain_image) || installs_something(effects) => {}
            Provided::Unknown => {
                return Err(refuse(
                    "unknown-program",
                    claim.shown.span.unwrap_or(case.base_span()),
                    format!("{}{}, and it is not known where it comes from", claim.text, claim.in_file()),
                    unknown_program_help(effects, claim),
                ));
            }
        }
        fetched.extend(brought.filter(|_| copied || !made && (named || provider(name, alpine) == Provided::Unknown)));
    }
    for name in &case.options.stated.packages {
        bar(Tier::SameDistro, false, &Claim::new(format!("you state that it needs the package {name}")));
    }
    for claim in needs.gaps.iter().chain(&needs.program_gaps) {
        bar(Tier::SameDistroTree, true, claim);
    }
    // Only a copy of the tree keeps its owner where an unprivileged program writes into it; one of a directory below does.
    let image = super::presence::Image { case, ground, effects };
    if let Some((path, claim)) = needs
        .writable
        .iter()
        .find(|(path, _)| owned_tree(case, effects, path) && super::placed::owned_dir(&image, path).is_none())
    {
        let text = format!("{path} is written by an unprivileged user: {}", claim.text);
        bar(Tier::SameDistroTree, false, &Claim { text, ..claim.clone() });
    }
    let wish = case.options.base;
    let hard = bars.iter().filter(|bar| !bar.soft).map(|bar| bar.most).min().unwrap_or(Tier::Scratch);
    let proved = bars.iter().map(|bar| bar.most).min().unwrap_or(Tier::Scratch);
    open.extend(unpacked_too);
    let tier = match wish {
        BaseWish::Auto => proved.min(Tier::Distroless),
        BaseWish::SameDistro => proved.min(Tier::SameDistro),
        BaseWish::Static | BaseWish::Scratch => {
            let wanted = if wish == BaseWish::Scratch { Tier::Scratch } else { Tier::Distroless };
            if hard < wanted || (wanted == Tier::Scratch && links.iter().any(needs_libc)) {
                let claim = bars.iter().find(|bar| !bar.soft && bar.most < wanted).map(|bar| bar.claim.clone());
                let open = links.iter().find_map(|link| match link {
                    Link::Either { why, .. } => Some(why.clone()),
                    _ => None,
                });
                let claim = claim.or(open).unwrap_or_else(|| Claim::new("the program needs a C library"));
                return Err(refuse(
                    "base-not-possible",
                    claim.shown.span.unwrap_or(case.base_span()),
                    format!("{}{}, which the base you asked for does not have", claim.text, claim.in_file()),
                    "leave --base out: the smallest base that carries the program is taken",
                ));
            }
            open.extend(bars.iter().filter(|bar| bar.soft).map(|bar| bar.claim.clone()));
            wanted
        }
    };
    let base_text = case.base_text();
    if tier >= Tier::Distroless
        && let Some(before) = by_argument(&base_text)
        && (before.to_ascii_uppercase().contains("ARCH") || case.stage.image().and_then(architecture).is_some())
    {
        let text =
            format!("the ARG in FROM keeps its default: {before} says the architecture of the build stage alone");
        open.push(Claim::at(text, case.base_span()));
    }
    let mut ruled_out: Vec<RuledOut> = bars
        .iter()
        .filter(|bar| bar.most < Tier::Distroless && tier <= bar.most)
        .map(|bar| RuledOut {
            text: bar.claim.text.clone(),
            span: bar.claim.shown.span,
            file: bar.claim.shown.file.clone(),
            most: bar.most,
        })
        .collect();
    for link in links {
        if let (Link::Either { why, .. }, Tier::Distroless) = (link, tier) {
            let (text, span) = (why.text.clone(), why.shown.span);
            ruled_out.push(RuledOut { text, span, file: None, most: Tier::Distroless });
        }
    }
    if tier <= Tier::SameDistro && links.iter().any(|link| matches!(link, Link::Either { .. })) {
        packages.extend(cxx_package(ground, effects).map(String::from));
    }
    // Debian's slim images have it for apt.
    if tier <= Tier::SameDistro && alpine && links.iter().any(|link| matches!(link, Link::Libc { cxx: true, .. })) {
        packages.push("libstdc++".into());
    }
    // The Debian images of Go have ssh, which git starts for `git@host:path`; the slim ones have not.
    let debian = ground.is_some_and(|ground| ground.golang && ground.family == Family::Debian);
    if debian && tier <= Tier::SameDistro && needs.programs.iter().any(|(name, _)| name == "git") {
        let by_file = effects.iter().any(|effect| match &effect.kind {
            Kind::Install(install) => install.packages.iter().any(|package| package.name == "git"),
            _ => false,
        });
        if super::sources::may_add(case, ground, effects) || !by_file {
            packages.push("openssh-client".into());
        } else {
            open.push(Claim::new("git starts no ssh, which only the old base has"));
        }
    }
    let python = debian && tier <= Tier::SameDistro && super::fetched::needs_python(case, effects);
    if python && super::sources::may_add(case, ground, effects) {
        packages.push("python3".into());
    } else if python {
        open.push(Claim::new("yt-dlp finds a Python, which only the old base is known to have"));
    }
    let reads = (installs_something(effects) || !packages.is_empty()).then(|| super::trust::reader(needs, own, ground));
    if let (Some(claim), true) = (hashed.or(reads.flatten()), tier <= Tier::SameDistro)
        && ground.is_some_and(|ground| ground.toolchain_image)
        && !super::trust::installed(effects)
    {
        match super::sources::may_add(case, ground, effects) {
            true => packages.push(super::placed::CERTIFICATES.into()),
            false => {
                open.push(Claim { text: format!("one file of certificates does; {}", claim.text), ..claim.clone() })
            }
        }
        if super::trust::has_own(effects) {
            let text = format!("certificates of its own are not asked for; {}", claim.text);
            open.push(Claim { text, ..claim });
        }
    }
    let (base, why) = base_of(case, ground, links, tier)?;
    if tier <= Tier::SameDistro {
        packages.extend(super::chain::missing(case, ground, effects));
        // Go alone reads the time zones of its toolchain.
        let others = needs.shell.is_some() || needs.programs.iter().any(|(name, _)| !own.contains(&name.as_str()));
        let zone = |effect: &Effect<'_>| matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|path| path == "/etc/localtime"));
        let wanted = needs.time_zones.is_some() || effects.iter().any(zone);
        if others && wanted && ground.is_some_and(|ground| super::chain::left_with_the_base(ground, "tzdata")) {
            packages.push("tzdata".into());
        }
        if let Some((name, span)) = super::chain::shell(case, effects) {
            let by_name = super::chain::installs(effects, name);
            match provider(name, alpine) {
                Provided::By(package) => packages.push(package.to_string()),
                Provided::Already => {}
                Provided::Unknown if by_name => packages.push(name.to_string()),
                Provided::Unknown if ground.is_some_and(|ground| !ground.toolchain_image) => {}
                Provided::Unknown if name == "dash" && !alpine => {}
                Provided::Unknown => {
                    return Err(refuse(
                        "unknown-program",
                        span,
                        format!("SHELL names {name}, and it is not known where that comes from"),
                        "install its package in the file",
                    ));
                }
            }
        }
    }
    packages.extend(case.options.stated.packages.iter().cloned());
    packages.sort();
    packages.dedup();
    fetched.dedup();
    for found in &fetched {
        let there = match found.how {
            How::Unpacked => format!("the archive leaves {}, and it", found.path),
            _ => found.path.clone(),
        };
        let text = format!("{there} runs on {base}: it is linked statically or against what that has");
        open.push(Claim::at(text, found.span));
    }
    Ok(Choice { tier, base, why, ruled_out, packages, fetched, open })
}

/// What lifts it depends on how the program may have come.
fn unknown_program_help(effects: &[Effect<'_>], claim: &Claim) -> &'static str {
    let by_hand = effects.iter().any(|effect| {
        matches!(&effect.kind, Kind::Unknown(_))
            && matches!(effect.cmd.name.text.as_str(), "dpkg" | "rpm" | "sh" | "bash")
    });
    if by_hand {
        "if a script or a package file of this Dockerfile brings it, fetch the program itself with curl -o \
         /usr/local/bin/NAME, or write the final stage by hand; a package can be named: --package NAME (rewrite: {packages: \
         [NAME]})"
    } else if claim.text.starts_with("import of") {
        // `playwright install`: the module has its own way.
        "if a RUN lets the module fetch the program, write the final stage by hand, or keep the single stage; a package can \
         be named: --package NAME (rewrite: {packages: [NAME]})"
    } else {
        "install its package in the file, or name it: --package NAME (rewrite: {packages: [NAME]})"
    }
}

/// The path lies in the working directory, which the file gives to the user of the image.
fn owned_tree(case: &Case<'_>, effects: &[Effect<'_>], path: &str) -> bool {
    let user = case.stage.config.user.as_deref().unwrap_or("");
    let root = matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0");
    !root
        && within(path, &case.workdir)
        && (owner_of(&owners(effects), &case.workdir).is_some()
            || case.steps().any(|(_, inst)| inst.transfer().is_some() && inst.flag("chown").is_some()))
}

/// A RUN downloads, copies or compiles a program of that name, at the path that is asked for.
fn made_by_run(effects: &[Effect<'_>], name: &str, at: Option<&str>) -> bool {
    effects.iter().any(|effect| match &effect.kind {
        Kind::Write(paths) => paths.iter().any(|path| at.map_or(base_name(path) == name, |at| path == at)),
        _ => false,
    })
}

fn installs(effects: &[Effect<'_>], name: &str) -> bool {
    effects.iter().any(|effect| {
        matches!(&effect.kind, Kind::Install(install) if install.packages.iter().any(|package| package.name == name))
    })
}

fn installs_something(effects: &[Effect<'_>]) -> bool {
    effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| !builds_only(&package.name)),
        _ => false,
    })
}

/// The package of the file that brings the program.
fn brought_by<'e>(effects: &'e [Effect<'_>], program: &str) -> Option<&'e str> {
    let names = effects.iter().filter_map(|effect| match &effect.kind {
        Kind::Install(install) => Some(install.packages.iter().map(|package| package.name.as_str())),
        _ => None,
    });
    names.flatten().find(|package| super::brings::brings(package, program) && !super::packages::builds_only(package))
}

fn needs_libc(link: &Link) -> bool {
    !matches!(link, Link::Static { .. })
}

/// What stands before `golang` in FROM where an ARG may say the architecture or the registry there.
fn by_argument(base: &str) -> Option<&str> {
    let at = base.rfind("golang").filter(|at| base.get(*at..).is_some_and(|rest| !rest.contains('/')))?;
    base.get(..at).filter(|before| before.contains('$'))
}

/// The base of a tier, and the sentence that says why it fits.
fn base_of(case: &Case<'_>, ground: Option<&Ground>, links: &[Link], tier: Tier) -> Result<(String, String), Refusal> {
    let prefixed = |image: &str| case.options.stated.prefixed(image);
    // Where the base comes from there are the others of Docker Hub, and for the same architecture.
    let base_text = case.base_text();
    let beside = |image: &str| match case.stage.image() {
        // `${ARCH}golang`: what the ARG says holds for the final base, too.
        Some(_) if case.options.stated.base_prefix.is_none() && by_argument(&base_text).is_some() => {
            format!("{}{image}", by_argument(&base_text).unwrap_or_default())
        }
        Some(own) if case.options.stated.base_prefix.is_none() => match (architecture(own), mirror(own)) {
            (Some(own), _) => format!("{}/{image}", own.prefix),
            (None, Some(place)) => format!("{place}{image}"),
            (None, None) => image.to_string(),
        },
        Some(own) => prefixed(&architecture(own).map_or(image.to_string(), |own| format!("{}/{image}", own.prefix))),
        None => prefixed(image),
    };
    let unknown = || {
        refuse(
            "unknown-release",
            case.base_span(),
            "which release of its distribution the base has is not known, so no equal base can be named",
            "name a tag with the release, such as golang:1.22-bookworm or golang:1.22-alpine3.20; a program that needs \
             nothing of a distribution can be stated, too: --cgo no --runtime-file PATH (rewrite: {cgo: false, \
             runtime-files: [PATH]})",
        )
    };
    match tier {
        Tier::Scratch => Ok(("scratch".into(), "the program is static and brings or needs nothing else".into())),
        Tier::Distroless if links.iter().any(needs_libc) => {
            let cxx = links.iter().any(|link| matches!(link, Link::Libc { cxx: true, .. } | Link::Either { .. }));
            let known = links.iter().any(|link| matches!(link, Link::Libc { .. }));
            let variant = if cxx { "cc" } else { "base" };
            let base = ground.and_then(|ground| ground.distroless_glibc(variant)).ok_or_else(unknown)?;
            let what = if cxx { "glibc and the C++ runtime" } else { "glibc" };
            let why = if known {
                format!("the program needs {what} and nothing else of a distribution")
            } else {
                "it carries a static program as well as one with C or C++ code; which of them the build makes is not known"
                    .into()
            };
            Ok((prefixed(&base), why))
        }
        Tier::Distroless => {
            let base = match ground {
                Some(ground) => ground.distroless_static(),
                None => Ground::unknown().distroless_static(),
            };
            Ok((
                prefixed(&base),
                "the program is static; certificates, time zones, /tmp and users come with the base".into(),
            ))
        }
        Tier::SameDistro | Tier::SameDistroTree => {
            let ground = ground.ok_or_else(unknown)?;
            if !ground.toolchain_image {
                let text = case.base_text();
                return Ok((text, "the same base again, without what only the build installed".into()));
            }
            let base = ground.slim().ok_or_else(unknown)?;
            let name = match ground.family {
                Family::Alpine => "Alpine",
                Family::Debian => "Debian",
                Family::Ubuntu => "Ubuntu",
                Family::Other => "distribution",
            };
            Ok((beside(&base), format!("the same {name} release as the builder, without the toolchain")))
        }
    }
}
