//! Symbolic links that RUN makes. A COPY follows the link that it names, so what has to stay a link is made again by the
//! same command, in a base with a shell; what a link leads to is carried by its own path.

use super::effects::{Effect, Kind};
use super::needs::{Claim, Needs};
use super::paths::within;
use super::presence::{Image, Presence};
use super::toolchains::go::walk::{Symlink, Walk};

/// The first link on the way to a path, and the path that the way ends at.
pub(super) fn follow<'w>(walk: &'w Walk<'_>, path: &str) -> Option<(&'w Symlink, String)> {
    let mut first: Option<&Symlink> = None;
    let mut path = path.to_string();
    for _ in 0..16 {
        let Some(link) = walk.symlinks.iter().find(|link| within(&path, &link.path)) else {
            return Some((first?, if path.is_empty() { "/".into() } else { path }));
        };
        let rest = path.strip_prefix(link.path.as_str()).unwrap_or("");
        path = format!("{}{rest}", link.target.trim_end_matches('/'));
        first.get_or_insert(link);
    }
    // A link that leads to itself.
    None
}

/// Files that a command puts through a link, links that it moves, and links that it makes at a place nobody knows: where
/// they end up is not followed.
fn unfollowed(image: &Image<'_, '_>, needs: &mut Needs) {
    let links = &image.case.walk.symlinks;
    // Where nothing is known to be read or written, the doubt is no reason for a larger base.
    let known = !needs.data.is_empty() || !needs.writable.is_empty();
    let mut doubts: Vec<Claim> = Vec::new();
    let special = |path: &str| ["/dev", "/proc", "/sys"].iter().any(|dir| within(path, dir));
    for effect in image.effects {
        let cmd = effect.cmd;
        let before = || links.iter().filter(|link| link.span.start < cmd.span.start && !special(&link.target));
        let what = match (&effect.kind, cmd.name.text.as_str()) {
            (Kind::Unknown(_), "ln") => Some("where this link is made is not known".to_string()),
            (Kind::Write(paths), "cp" | "install" | "mv") => {
                let through = |path: &String| before().any(|link| within(path, &link.path));
                paths.iter().find(|path| through(path)).map(|path| format!("what is put at {path} goes through a link"))
            }
            _ => None,
        };
        let moved = super::effects::moves(&image.case.scope(), effect.step, cmd).filter(|_| cmd.name.text == "mv");
        let moved = moved.into_iter().flatten().find(|(from, _)| before().any(|link| within(&link.path, from)));
        let what = what.or_else(|| moved.map(|(from, _)| format!("the link {from} is moved")));
        doubts.extend(what.map(|what| Claim::at(what, cmd.span)));
    }
    for (step, inst) in image.case.steps().filter(|_| !links.is_empty()) {
        for placed in super::placed::of_transfer(image.case, step, inst).unwrap_or_default() {
            let before = |link: &&Symlink| link.span.start < inst.span.start && within(&placed.path, &link.path);
            if links.iter().any(|link| before(&link)) {
                let what = format!("what is copied to {} goes through a link", placed.path);
                doubts.push(Claim::at(what, inst.content));
            }
        }
    }
    let list = if known { &mut needs.gaps } else { &mut needs.open };
    for doubt in doubts {
        if !list.iter().any(|other| other.text == doubt.text) {
            list.push(doubt);
        }
    }
}

/// Paths that are wanted and lie behind links.
pub(super) fn settle(image: &Image<'_, '_>, needs: &mut Needs) {
    let walk = &image.case.walk;
    unfollowed(image, needs);
    let mut again: Vec<(Symlink, Claim)> = Vec::new();
    let mut targets: Vec<(String, Claim)> = Vec::new();
    if needs.writes_somewhere || needs.reads_computed {
        let of_system = |path: &str| {
            ["/bin", "/go", "/lib", "/lib32", "/lib64", "/sbin", "/usr"].iter().any(|dir| within(path, dir))
                || matches!(path, "/etc/localtime" | "/etc/timezone")
        };
        for link in walk.symlinks.iter().filter(|link| !of_system(&link.path)) {
            let program = walk.programs.iter().any(|made| made.path == link.target || made.path == link.path);
            if !program && !needs.links.iter().any(|(path, _)| *path == link.path) {
                let claim = Claim::new("a path that the program reads or writes is computed");
                needs.writable.push((link.path.clone(), claim));
            }
        }
    }
    let writable: Vec<String> = needs.writable.iter().map(|(path, _)| path.clone()).collect();
    // A COPY of the directory around a link brings it as it is.
    let mut copied: Vec<String> = needs.data.iter().map(|(path, _)| super::layout::data_path(path)).collect();
    copied.retain(|dir| follow(walk, dir).is_none() && image.presence(dir) == Presence::Made(dir.clone()));
    let mut behind = |path: &mut String, claim: &Claim, written: bool| {
        let whole = super::layout::data_path(path);
        let Some((link, end)) = follow(walk, &whole) else { return };
        // A file that is only read may take the place of its link; what is written or mounted has to land elsewhere.
        let written = written || writable.iter().any(|other| within(other, &whole) || within(&whole, other));
        let mounted = image.case.stage.config.volumes.iter().any(|volume| within(&end, volume));
        if !written && !mounted && link.sure && matches!(image.presence(&end), Presence::Made(made) if made == end) {
            return;
        }
        *path = format!("{end}{}", path.get(whole.len()..).unwrap_or(""));
        again.push((link.clone(), claim.clone()));
    };
    for (path, claim) in &mut needs.data {
        behind(path, claim, false);
    }
    for (path, claim) in &mut needs.writable {
        behind(path, claim, true);
    }
    // A directory that is copied brings its links, and they lead somewhere.
    for (path, claim) in &needs.data {
        for link in walk.symlinks.iter().filter(|link| link.path != *path && within(&link.path, path)) {
            let Some((_, end)) = follow(walk, &link.path) else { continue };
            if !within(&end, path) && matches!(image.presence(&end), Presence::Made(_)) {
                let text = format!("{} leads to it: {}", link.path, claim.text);
                targets.push((end, Claim { text, ..claim.clone() }));
            }
        }
    }
    targets.retain(|(path, _)| !needs.data.iter().any(|(known, _)| known == path));
    needs.data.extend(targets);
    for list in [&mut needs.data, &mut needs.writable] {
        list.retain(|(path, _)| !["/dev", "/proc", "/sys"].iter().any(|dir| within(path, dir)));
    }
    for (link, claim) in again {
        if copied.iter().any(|dir| within(&link.path, dir)) {
            continue;
        }
        let leads = format!("{} is a symbolic link to {}", link.path, link.target);
        if !link.sure {
            let text =
                format!("{leads}, and whether the build makes it is not sure: {}{}", claim.text, claim.in_file());
            needs.gaps.push(Claim::at(text, link.span));
            continue;
        }
        let text = format!("{leads}, and only a shell makes it again: {}{}", claim.text, claim.in_file());
        needs.shell.get_or_insert(Claim::at(text, link.span));
        let text = format!("{leads}, which is made again: {}{}", claim.text, claim.in_file());
        if !needs.links.iter().any(|(path, _)| *path == link.path) {
            needs.links.push((link.path.clone(), Claim::at(text, link.span)));
        }
    }
}

/// The time zone that the file makes the local one: `ln -s /usr/share/zoneinfo/… /etc/localtime`, where no package of
/// the builder brings the zones.
pub(super) fn zone_is_missing(image: &Image<'_, '_>, path: &str) -> bool {
    let Some((_, end)) = follow(&image.case.walk, path) else { return false };
    let installs = |effect: &Effect<'_>| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| package.name == "tzdata"),
        _ => false,
    };
    let removes =
        |effect: &Effect<'_>| matches!(&effect.kind, Kind::Remove(names) if names.iter().any(|name| name == "tzdata"));
    let of_base = image.case.stage.facts.as_ref().is_some_and(|facts| facts.tzdata);
    let there = (of_base || image.effects.iter().any(installs)) && !image.effects.iter().any(removes);
    within(&end, "/usr/share/zoneinfo") && !there
}

/// A COPY that names the path follows a link to something that is not there, so the build would fail.
pub(super) fn leads_nowhere(image: &Image<'_, '_>, path: &str) -> bool {
    let walk = &image.case.walk;
    follow(walk, path).is_some_and(|(_, end)| {
        let zone = within(&end, "/usr/share/zoneinfo") && !zone_is_missing(image, path);
        let built = zone || walk.programs.iter().any(|made| within(&made.path, &end));
        !built && !matches!(image.presence(&end), Presence::Made(_))
    })
}
