//! Programs that are started by their name: scripts of the file in PATH, what a RUN of the same program left for them,
//! and packages whose programs a module that nobody has read may start.

use super::artifacts::Found;
use super::case::Case;
use super::effects::{Effect, Kind};
use super::entry::Entry;
use super::needs::{Claim, Needs, PLAIN_PROGRAMS, shipped};
use super::packages;
use super::paths::{STANDARD_PATH, base_name, join};
use super::presence::Image;
use crate::context::tree::Origin;

/// The file of the build context that PATH finds under that name.
pub(super) fn place(case: &Case<'_>, name: &str) -> Option<String> {
    let tree = case.tree()?;
    let set = case.stage.config.env.iter().find(|(key, _)| key == "PATH").and_then(|(_, value)| value.as_deref());
    let dirs = set.into_iter().flat_map(|value| value.split(':')).filter(|dir| dir.starts_with('/'));
    let found = dirs.chain(STANDARD_PATH.iter().copied()).map(|dir| join(dir, name));
    found.into_iter().find(|path| matches!(tree.origin(path), Some(Origin::Context(_))))
}

/// Scripts of the context that PATH finds come along, with everything that they start.
pub(super) fn scripts(image: &Image<'_, '_>, entry: &Entry, found: &Found, needs: &mut Needs) {
    let mut seen: Vec<String> = Vec::new();
    let mut at = 0;
    // A script adds the programs that it starts, which may be scripts again.
    while let Some((name, claim)) = needs.programs.get(at).cloned() {
        at += 1;
        if seen.contains(&name) || shipped(found).any(|built| base_name(&built.path) == name) {
            continue;
        }
        seen.push(name.clone());
        let Some(path) = place(image.case, &name) else { continue };
        needs.data.push((path.clone(), claim));
        super::scripts::entrypoint(image, entry, found, &path, needs);
    }
}

/// Programs that set up what others read: certificates of Java, mail, Apache, configuration in place.
#[rustfmt::skip]
const SETS_UP: &[&str] = &[
    "a2disconf", "a2dismod", "a2dissite", "a2enconf", "a2enmod", "a2ensite", "augtool", "certutil", "crudini", "ed", "ex",
    "keytool", "newaliases", "phpenmod", "postconf", "postmap", "update-alternatives", "update-ca-trust",
    "update-mime-database", "xmlstarlet",
];

/// `RUN gpg --import keys.asc` leaves a keyring for the gpg that the program starts.
pub(super) fn prepared(image: &Image<'_, '_>, needs: &mut Needs) {
    let mut gaps = Vec::new();
    let mut set_up = Vec::new();
    for (name, claim) in &needs.programs {
        let plain = PLAIN_PROGRAMS.contains(&name.as_str()) || packages::is_of_every_base(name) || name == "git";
        if plain {
            continue;
        }
        let asks =
            |effect: &Effect<'_>| {
                effect.cmd.args.iter().any(|arg| {
                    matches!(arg.text.as_str(), "--version" | "-version" | "-v" | "-V" | "--help" | "version")
                })
            };
        let of_it = |effect: &&Effect<'_>| {
            let for_it = effect.cmd.name.text == *name || SETS_UP.contains(&effect.cmd.name.text.as_str());
            for_it && matches!(effect.kind, Kind::Build | Kind::Unknown(_)) && !asks(effect)
        };
        for effect in image.effects.iter().filter(of_it) {
            let text = format!("{name} may read what this leaves for it: {}{}", claim.text, claim.in_file());
            match effect.cmd.name.text == *name {
                true => gaps.push(Claim::at(text, effect.cmd.span)),
                false => set_up.push(Claim::at(text, effect.cmd.span)),
            }
        }
    }
    // That the new image lacks it is no reason for all that the working directory has.
    needs.open.extend(set_up);
    for claim in gaps {
        if !needs.gaps.contains(&claim) {
            needs.gaps.push(claim);
        }
    }
}

/// `RUN ./scripts/install.sh`: the packages are not among those that the final stage installs again.
pub(super) fn installed_by_scripts(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let own = |name: &str| shipped(found).any(|built| base_name(&built.path) == name);
    let Some((name, claim)) = needs.programs.iter().find(|(name, _)| !own(name)) else { return };
    for install in &image.case.walk.installs {
        let what = install.what.char_indices().nth(80).and_then(|(at, _)| install.what.get(..at));
        let what = what.unwrap_or(&install.what);
        let text = format!("{name} needs nothing of what `{what}` installs: {}", claim.text);
        needs.open.push(Claim::at(text, install.span));
    }
}

/// Somebody installed a package for a reason, and a module that nobody has read may be it.
pub(super) fn of_unread(image: &Image<'_, '_>, needs: &mut Needs) {
    const FOR_PEOPLE: &[&str] =
        &["bash", "curl", "dumb-init", "gosu", "openssh", "openssh-client", "su-exec", "tini", "vim", "wget"];
    let Some(module) = needs.unknown().first().map(|module| module.to_string()) else { return };
    for effect in image.effects {
        let Kind::Install(install) = &effect.kind else { continue };
        let for_running = |name: &str| {
            !packages::builds_only(name)
                && !packages::is_dev(name)
                && !packages::is_data(name)
                && !FOR_PEOPLE.contains(&name)
        };
        let names = install.packages.iter().map(|package| package.name.as_str());
        if let Some(package) = names.into_iter().find(|name| for_running(name)) {
            let text = format!("{module}, whose sources were not read, may start what the package {package} brings");
            needs.program_gaps.push(Claim::at(text, effect.cmd.span));
            return;
        }
    }
}
