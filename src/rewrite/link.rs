//! How each program that ships is linked, and so which C library and which others the final base has to have.

use super::Refusal;
use super::artifacts::Built;
use super::case::Case;
use super::effects::{Effect, Kind, LOCALES};
use super::needs::{Claim, place};
use super::packages::{brings_no_compiler, builds_only, is_dev};
use super::refuse::refuse;
use super::releases::{Family, Ground};
use super::resolver::{c_resolver, modules_of_names};
use super::toolchains::go::{Cgo, CgoEvidence, CgoKind, GoBuild, Program, StaticForced};
use crate::syntax::Body;

/// How the program is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// No loader, no library. `add_cgo` when the rewrite itself has to write CGO_ENABLED=0.
    Static { why: Claim, add_cgo: bool },
    /// The builder's C library and nothing else; `cxx`: the C++ runtime, too.
    Libc { why: Claim, cxx: bool },
    /// Shared libraries; those of the file's own `-dev` packages are installed again. `packages` is what the table names.
    Libraries { why: Claim, packages: Vec<String> },
    /// Static or not: nobody read these modules, and nothing in the builder may be changed for that. `open` is what has
    /// to be true of them.
    Either { why: Claim, open: Claim },
    /// Not known.
    Unknown { why: Claim },
}

/// What stands around the `go` commands.
pub(super) struct Builder<'a, 'c> {
    pub case: &'c Case<'a>,
    pub ground: Option<&'c Ground>,
    pub effects: &'c [Effect<'a>],
}

/// Libraries that the file itself builds or fetches are no packages, so nothing brings them to the final stage.
pub(super) fn refuse_own_libraries(links: &[Link], effects: &[Effect<'_>]) -> Result<(), Refusal> {
    let Some(why) = links.iter().find_map(|link| match link {
        Link::Libraries { why, .. } => Some(why),
        _ => None,
    }) else {
        return Ok(());
    };
    let installs = |effect: &&Effect<'_>| match effect.cmd.name.text.as_str() {
        "make" | "gmake" | "cmake" | "ninja" | "meson" => {
            effect.cmd.args.iter().any(|arg| arg.text.starts_with("install") || arg.text == "--install")
        }
        "ldconfig" => true,
        _ => {
            matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|path| path.contains("/lib/") && path != LOCALES))
        }
    };
    match effects.iter().find(installs) {
        None => Ok(()),
        Some(effect) => Err(refuse(
            "unclassified-run",
            effect.cmd.span,
            format!("it may install a C library that the program is linked with: {}{}", why.text, why.in_file()),
            "install the library from a package, or write the stages by hand and copy the library",
        )),
    }
}

/// Where `CGO_ENABLED=0 ` goes: before `go`, or before the make or the script that runs it.
pub(super) fn cgo_place(go: &GoBuild, effects: &[Effect<'_>]) -> Option<u32> {
    if go.within.is_none() {
        return go.insert_at;
    }
    if !go.takes_cgo_off {
        return None;
    }
    let effect = effects.iter().find(|effect| effect.cmd.span == go.span)?;
    let plain = effect.cmd.wrappers.is_empty() && effect.cmd.depth == 0 && !effect.cmd.name.text.is_empty();
    plain.then_some(effect.cmd.name.span.start)
}

/// How the programs are linked, in their order.
pub(super) fn links<'b>(
    builder: &Builder<'_, '_>,
    shipped: impl Iterator<Item = &'b Built>,
    programs: &[Option<Program>],
) -> Vec<Link> {
    let shipped: Vec<&Built> = shipped.collect();
    let mut links: Vec<Link> =
        shipped.iter().zip(programs).map(|(built, program)| link(builder, built, program.as_ref())).collect();
    // One command may build several programs, and its CGO_ENABLED=0 holds for all of them.
    let place = |built: &Built| {
        built.build.and_then(|index| builder.case.walk.builds.get(index)).and_then(|go| cgo_place(go, builder.effects))
    };
    let places: Vec<Option<u32>> = shipped.iter().map(|built| place(built)).collect();
    let shared: Vec<bool> = places
        .iter()
        .map(|own| {
            places.iter().zip(&links).any(|(other, link)| {
                own.is_some() && own == other && !matches!(link, Link::Static { add_cgo: true, .. })
            })
        })
        .collect();
    for (link, shared) in links.iter_mut().zip(shared) {
        if let (Link::Static { why, add_cgo: true }, true) = (&*link, shared) {
            let text = "the command that builds it builds a program, too, for which cgo has to stay on";
            *link = Link::Libc { why: Claim { text: text.into(), ..why.clone() }, cxx: false };
        }
    }
    links
}

/// What the user states of cgo, and the file or the sources say otherwise.
pub(super) fn contradicted<'b>(
    builder: &Builder<'_, '_>,
    shipped: impl Iterator<Item = &'b Built>,
    programs: &[Option<Program>],
) -> Vec<Claim> {
    let case = builder.case;
    let Some(stated) = case.options.stated.cgo else { return Vec::new() };
    let mut found: Vec<Claim> = Vec::new();
    for (built, program) in shipped.zip(programs) {
        let Some(go) = built.build.and_then(|index| case.walk.builds.get(index)) else { continue };
        let claim = match (stated, &go.cgo) {
            (true, Cgo::Off) => Some(Claim::at(
                "you state that it needs cgo, and CGO_ENABLED=0, which turns it off, is in force",
                go.span,
            )),
            (false, Cgo::On) => {
                Some(Claim::at("you state that it needs no cgo, and CGO_ENABLED=1, which stays, is in force", go.span))
            }
            (false, _) => program.as_ref().and_then(|program| program.cgo.first()).map(|evidence| {
                let claim = claim_cgo(evidence);
                Claim { text: format!("you state that it needs no cgo, although {}", claim.text), ..claim }
            }),
            _ => None,
        };
        found.extend(claim.filter(|claim| !found.contains(claim)));
    }
    found
}

fn link(builder: &Builder<'_, '_>, built: &Built, program: Option<&Program>) -> Link {
    let case = builder.case;
    let Some(go) = built.build.and_then(|index| case.walk.builds.get(index)) else {
        return Link::Unknown { why: Claim::at(format!("how {} is linked is not known", built.path), built.span) };
    };
    let at = |text: String| Claim::at(text, go.span);
    if let Some(flag) = &go.needs_cgo_flag {
        return Link::Libraries { why: at(format!("{flag} needs cgo")), packages: Vec::new() };
    }
    let found = without_flags(builder, go, built, program);
    if let (Some(compiler), Link::Libc { .. } | Link::Either { .. }) = (&go.other_compiler, &found) {
        return Link::Libraries {
            why: at(format!("CC={compiler} links with another C library")),
            packages: Vec::new(),
        };
    }
    // No flag takes away the libraries that the C code wants.
    let only_libc = matches!(found, Link::Static { .. } | Link::Libc { cxx: false, .. });
    if go.pie && (only_libc || go.cgo == Cgo::Off) {
        return Link::Libc { why: at("-buildmode=pie keeps the dynamic loader".into()), cxx: false };
    }
    found
}

fn without_flags(builder: &Builder<'_, '_>, go: &GoBuild, built: &Built, program: Option<&Program>) -> Link {
    let at = |text: String| Claim::at(text, go.span);
    if go.static_forced == StaticForced::Linker {
        return Link::Static { why: at("-extldflags -static links everything in".into()), add_cgo: false };
    }
    if go.cgo == Cgo::Off {
        return Link::Static { why: at("CGO_ENABLED=0 is in force".into()), add_cgo: false };
    }
    // Modules of the C library are no use to a program that looks no name up, nor without cgo.
    let looks_up =
        program.is_none_or(|program| program.libc.is_some() || !program.gaps.is_empty() || !program.unread.is_empty());
    if let Some(why) = modules_of_names(builder).filter(|_| looks_up && !has_no_compiler(builder)) {
        return Link::Libraries { why, packages: Vec::new() };
    }
    let wanted = go.wants_cgo.as_ref().map(|why| at(why.clone()));
    let asked = wanted.or_else(|| c_resolver(builder, go, program));
    let open = open_program(go);
    match builder.case.options.stated.cgo {
        Some(false) if go.cgo == Cgo::Default && go.wants_cgo.is_none() => {
            return Link::Static { why: Claim::new("you state that it needs no cgo"), add_cgo: true };
        }
        Some(true) => return Link::Libc { why: Claim::new("you state that it needs cgo"), cxx: false },
        _ => {}
    }
    if let (Some(why), Cgo::Default, Some(program)) = (&asked, &go.cgo, program)
        && program.gaps.is_empty()
        && program.cgo.is_empty()
        && !has_no_compiler(builder)
        && program.unknown.is_empty()
    {
        return Link::Libc { why: why.clone(), cxx: false };
    }
    let Some(program) = program.filter(|program| program.gaps.is_empty() || !program.cgo.is_empty()) else {
        return Link::Unknown { why: at("whether the program needs cgo is not known".into()) };
    };
    let unknown: Vec<&str> = program.unknown.iter().map(String::as_str).collect();
    if !unknown.is_empty() {
        match with_cgo(program, builder.effects) {
            found @ Link::Libraries { .. } => return found,
            _ if program.cgo.is_empty() && go.cgo == Cgo::Default && has_no_compiler(builder) => {
                let image = builder.case.base_text();
                let add_cgo = open.is_none() && cgo_place(go, builder.effects).is_some();
                let why = at(format!("{image} has no C compiler, and so its Go leaves cgo off"));
                return Link::Static { why, add_cgo };
            }
            _ => return either(&unknown, go, built),
        }
    }
    if program.cgo.is_empty() {
        return match go.cgo {
            Cgo::Default if open.is_some() => Link::Libc { why: at(open.unwrap_or_default()), cxx: false },
            Cgo::Default if cgo_place(go, builder.effects).is_some() => {
                Link::Static { why: at("nothing that is imported needs cgo".into()), add_cgo: true }
            }
            Cgo::Default => Link::Libc { why: at("there is no place for CGO_ENABLED=0".into()), cxx: false },
            _ if go.static_forced == StaticForced::Tags && open.is_none() => {
                Link::Static { why: at("the tags netgo and osusergo leave no C code".into()), add_cgo: false }
            }
            Cgo::On => Link::Libc { why: at("CGO_ENABLED=1 is in force".into()), cxx: false },
            _ => Link::Libc { why: at("CGO_ENABLED is set to something that is not known".into()), cxx: false },
        };
    }
    with_cgo(program, builder.effects)
}

/// Another `--build-arg` builds another program, which may need cgo.
fn open_program(go: &GoBuild) -> Option<String> {
    let tags = go.open_tags.as_ref().map(|why| format!("{why} may give other tags, so nothing is changed about cgo"));
    // Where every choice was read, what any of them needs is known.
    let chosen = go.chosen.as_ref().filter(|chosen| chosen.below.is_none());
    tags.or(chosen.map(|chosen| format!("the ARG {} says what is built, so nothing is changed about cgo", chosen.by)))
}

/// Nothing that the program is made of has C code that anybody knows of, but not everything was read.
fn either(unknown: &[&str], go: &GoBuild, built: &Built) -> Link {
    let named = unknown.join(", ");
    let says = match go.cgo {
        Cgo::Default => "; --cgo no (rewrite.cgo: false) says that they do not, and gives a static program",
        _ => "",
    };
    Link::Either {
        why: Claim::at(format!("whether these modules need cgo is not known: {named}{says}"), go.span),
        open: Claim::at(
            format!(
                "the final base has every library that {} is linked against, should these modules, whose sources were \
                 not read, have C code: {named}",
                built.path
            ),
            go.span,
        ),
    }
}

/// The builder is an Alpine image of Go without gcc, and nothing installs one.
fn has_no_compiler(builder: &Builder<'_, '_>) -> bool {
    let case = builder.case;
    let set = |name: &str| case.stage.steps.iter().any(|step| step.env.get(name).is_some());
    let readable = case.runs().all(|(step, _)| step.script.as_ref().is_some_and(|script| script.opaque.is_none()));
    let copied = case.steps().any(|(_, inst)| matches!(inst.body, Body::Copy(_)) && inst.flag("from").is_some());
    let clean = builder.effects.iter().all(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().all(|package| brings_no_compiler(&package.name)),
        Kind::Unknown(_) => false,
        _ => true,
    });
    builder.ground.is_some_and(|ground| ground.no_compiler) && readable && clean && !copied && !set("CC")
}

/// The distroless image with glibc and the C++ runtime that carries a program of this builder, whatever it links: the
/// golang images ship g++, and without headers of other libraries there is nothing else to link against.
pub(super) fn carries_either(ground: Option<&Ground>, effects: &[Effect<'_>]) -> bool {
    ground.is_some_and(|ground| ground.distroless_glibc("cc").is_some()) && !installs_headers(effects)
}

fn installs_headers(effects: &[Effect<'_>]) -> bool {
    packages(effects).any(|name| is_dev(name) && !builds_only(name))
}

/// What the final stage of the same distribution installs for a program in C++.
pub(super) fn cxx_package(ground: Option<&Ground>, effects: &[Effect<'_>]) -> Option<&'static str> {
    let cxx = |name: &str| matches!(name, "g++" | "build-base" | "alpine-sdk" | "clang");
    let alpine = ground.is_some_and(|ground| ground.family == Family::Alpine);
    (alpine && packages(effects).any(cxx)).then_some("libstdc++")
}

fn packages<'e>(effects: &'e [Effect<'_>]) -> impl Iterator<Item = &'e str> {
    effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            Kind::Install(install) => Some(install.packages.iter().map(|package| package.name.as_str())),
            _ => None,
        })
        .flatten()
}

fn with_cgo(program: &Program, effects: &[Effect<'_>]) -> Link {
    let mut packages: Vec<String> = Vec::new();
    let mut unnamed: Vec<String> = Vec::new();
    let mut cxx = false;
    for evidence in &program.cgo {
        for package in &evidence.packages {
            if !packages.contains(package) {
                packages.push(package.clone());
            }
        }
        for library in &evidence.libraries {
            match library.as_str() {
                perhaps if perhaps.ends_with('?') && !installs_headers(effects) => {}
                "c" | "m" | "dl" | "pthread" | "rt" | "resolv" | "util" => {}
                "stdc++" | "gcc_s" | "gomp" | "atomic" => cxx = true,
                other if evidence.packages.is_empty() => unnamed.push(other.to_string()),
                _ => {}
            }
        }
    }
    let why = program.cgo.first().map(claim_cgo).unwrap_or_else(|| Claim::new("the program needs cgo"));
    let plugin = program.cgo.iter().any(|evidence| evidence.kind == CgoKind::Plugin);
    if plugin || !unnamed.is_empty() || !packages.is_empty() {
        return Link::Libraries { why, packages };
    }
    Link::Libc { why, cxx }
}

pub(super) fn claim_cgo(evidence: &CgoEvidence) -> Claim {
    let text = match evidence.kind {
        CgoKind::ImportC => format!("{} has C code", evidence.what),
        CgoKind::Module => format!("{} needs cgo", evidence.what),
        CgoKind::IndirectModule => format!("{}, which needs cgo, may be part of the program", evidence.what),
        CgoKind::Twin => format!("{} is another file when cgo is off", evidence.what),
        CgoKind::Plugin => format!("{} opens plugins", evidence.what),
    };
    Claim { text, shown: super::needs::Shown { span: None, file: place(evidence.place.as_ref()) } }
}
