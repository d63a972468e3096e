//! What packages of other modules read and start by themselves, where their sources were read: carried where the file
//! put it there, else an assumption that stays open.

use super::effects::{Effect, Kind};
use super::entry::Entry;
use super::needs::{Claim, Needs, lists_the_base};
use super::packages::{self, Provided, provider};
use super::paths::{base_name, join, within};
use super::presence::{Image, Presence};
use super::releases::Ground;
use super::toolchains::go::{Need, NeedKind, Program};

/// Says of an assumption that it is about files.
pub(super) const READS: &str = "may read";

/// Says of an assumption that nobody has named the file.
const COMPUTED: &str = "is given is computed";

pub(super) fn add(image: &Image<'_, '_>, entry: &Entry, program: &Program, needs: &mut Needs) {
    // What is computed comes last: it matters only for files that nothing else brings along.
    let computed = |need: &Need| matches!(need.kind, NeedKind::Unknown(_));
    let (last, first): (Vec<_>, Vec<_>) = program.foreign.iter().partition(|(_, need)| computed(need));
    for (package, need) in first.into_iter().chain(last) {
        let claim = Claim::of(need);
        let slot = match &need.kind {
            NeedKind::CaCertificates => &mut needs.certificates,
            NeedKind::TimeZones => &mut needs.time_zones,
            NeedKind::TempDir => &mut needs.temp_dir,
            NeedKind::Users => &mut needs.users,
            NeedKind::MimeTypes => &mut needs.mime_types,
            NeedKind::Services => &mut needs.services,
            NeedKind::Accounts => {
                needs.accounts = true;
                continue;
            }
            _ => {
                one(&Scene { image, entry, program, package }, need, claim, needs);
                continue;
            }
        };
        slot.get_or_insert(claim);
    }
}

/// Whose needs are looked at.
struct Scene<'s, 'c, 'a> {
    image: &'s Image<'c, 'a>,
    entry: &'s Entry,
    program: &'s Program,
    package: &'s str,
}

fn one(scene: &Scene<'_, '_, '_>, need: &Need, claim: Claim, needs: &mut Needs) {
    let Scene { image, entry, program, package } = *scene;
    let installs = image.effects.iter().any(installs_for_running);
    match &need.kind {
        NeedKind::Program(name) if is_brought(image, base_name(name)) => needs.start(name, claim),
        NeedKind::Program(name) => {
            let text = format!("{package} may start {}: {}", base_name(name), claim.text);
            needs.open.push(Claim { text, ..claim });
        }
        NeedKind::Here(name) if is_brought(image, name) => {
            needs.around.push((entry.workdir.clone(), name.clone(), claim));
        }
        NeedKind::Perhaps(name, text) => {
            let claim = Claim { text: format!("{package}: {text}"), ..claim };
            match is_brought(image, name) {
                true => needs.start(name, claim),
                false => needs.open.push(claim),
            }
        }
        NeedKind::Shell => {
            let text = format!("{package} may start a shell: {}", claim.text);
            needs.open.push(Claim { text, ..claim });
        }
        NeedKind::MayStart(what) => {
            let claim = Claim { text: format!("{package} may start programs: {what}"), ..claim };
            // Somebody installed them for a reason.
            if installs { needs.program_gaps.push(claim) } else { needs.open.push(claim) }
        }
        NeedKind::MayRead(what) => {
            let claim = Claim { text: format!("{package} {READS} files: {what}"), ..claim };
            if installs { needs.gaps.push(claim) } else { needs.open.push(claim) }
        }
        NeedKind::Unknown(_) => {
            let carried =
                |path: &String| needs.data.iter().any(|(data, _)| within(path, &super::layout::data_path(data)));
            let known = needs.open.iter().any(|open| open.text.ends_with(COMPUTED));
            if !known && !program.data_left.iter().all(carried) {
                let text = format!("{package} {READS} files of the image: the path that `{}` {COMPUTED}", claim.text);
                needs.open.push(Claim { text, ..claim });
            }
        }
        NeedKind::DataFile(path) | NeedKind::WritablePath(path) => {
            let reads = matches!(need.kind, NeedKind::DataFile(_));
            let path = join(&entry.workdir, path);
            let known = super::layout::data_path(&path);
            let text = format!("{package} {READS} {path}: {}", claim.text);
            if reads && lists_the_base(&path, &need.why) {
                needs.open.push(Claim { text, ..claim });
                return;
            }
            match image.presence(&known) {
                Presence::Made(_) if reads => needs.data.push((path, claim)),
                Presence::Perhaps(_) if reads && installs => needs.gaps.push(Claim { text, ..claim }),
                Presence::Perhaps(_) if reads => needs.open.push(Claim { text, ..claim }),
                _ if !reads => needs.writable.push((path, claim)),
                _ => {}
            }
        }
        _ => {}
    }
}

/// A package that neither only builds nor is in every base.
fn installs_for_running(effect: &Effect<'_>) -> bool {
    let Kind::Install(install) = &effect.kind else { return false };
    install.packages.iter().any(|package| {
        let name = package.name.as_str();
        !packages::builds_only(name) && !packages::is_dev(name) && !packages::in_static(name)
    })
}

/// The file itself puts the program there: a package of it, a download, a copy.
pub(super) fn is_brought(image: &Image<'_, '_>, name: &str) -> bool {
    let from = match provider(name, image.ground.is_some_and(Ground::alpine)) {
        Provided::By(package) => Some(package),
        _ => None,
    };
    image.effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => {
            install.packages.iter().any(|package| package.name == name || Some(package.name.as_str()) == from)
        }
        Kind::Write(paths) => paths.iter().any(|path| base_name(path) == name),
        _ => false,
    })
}
