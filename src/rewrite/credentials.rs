//! Credentials by which the build fetches private sources: they stay behind, and the plan says so.

use super::Tier;
use super::case::Case;
use super::effects::{Effect, Kind};
use super::layout::Parts;
use super::needs::{Claim, Needs, Shown, place};
use super::packages::is_of_every_base;
use super::paths::{base_name, within};
use super::placed::{of_transfer, removed_later};
use super::presence::Image;
use super::render::StageCopy;
use super::toolchains::go::Program;

/// The rest of a path in the home of a user.
fn in_home(path: &str) -> Option<&str> {
    path.strip_prefix("/root/").or_else(|| {
        let rest = path.strip_prefix("/home/")?;
        rest.split_once('/').map(|(_, rest)| rest)
    })
}

/// `/root/.netrc`, `/root/.ssh/id_rsa`: read by git, go, npm and ssh.
fn is_credential(path: &str) -> bool {
    is_for_login(path) && !matches!(base_name(path), "config" | "known_hosts")
}

/// A credential, or what ssh reads beside it.
fn is_for_login(path: &str) -> bool {
    in_home(path).is_some_and(|rest| matches!(rest, ".netrc" | ".git-credentials" | ".npmrc") || within(rest, ".ssh"))
}

/// What the file puts there is for the program, too, when that logs in somewhere.
pub(super) fn wanted(image: &Image<'_, '_>, needs: &mut Needs) {
    let Some(claim) = needs.logs_in.clone() else { return };
    let mut found = placed(image.case, image.effects);
    found.retain(|path| is_for_login(path) && !needs.data.iter().any(|(data, _)| within(path, data)));
    needs.data.extend(found.into_iter().map(|path| (path, claim.clone())));
}

/// What COPY, ADD and RUN leave in the places of the base, file by file.
fn placed(case: &Case<'_>, effects: &[Effect<'_>]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (step, inst) in case.steps() {
        let paths = of_transfer(case, step, inst).unwrap_or_default().into_iter().map(|placed| placed.path);
        found.extend(paths.filter(|path| !removed_later(case, effects, inst.span.start, path)));
    }
    for effect in effects {
        let Kind::Write(paths) = &effect.kind else { continue };
        let start = effect.cmd.span.start;
        found.extend(paths.iter().filter(|path| !removed_later(case, effects, start, path)).cloned());
    }
    found.sort();
    found.dedup();
    found
}

/// Modules that log in at other machines, and may read a key or a password for that.
const MODULES: &[&str] = &[
    "github.com/bgentry/go-netrc",
    "github.com/go-git/go-git",
    "github.com/jdx/go-netrc",
    "github.com/jdxcode/netrc",
    "github.com/kevinburke/ssh_config",
    "github.com/pkg/sftp",
    "golang.org/x/crypto/ssh",
    "gopkg.in/src-d/go-git.v4",
];

/// Why a key or a password may be for the running program: it names one, or a module that reads them is linked in.
pub(super) fn logs_in(program: &Program) -> Option<Claim> {
    if let Some((text, at)) = program.logins.first() {
        let shown = Shown { span: None, file: place(Some(at)) };
        return Some(Claim { text: format!("the string {text:?} speaks of it"), shown });
    }
    let linked = |name: &&&str| program.packages.iter().chain(&program.unread).any(|path| path.contains(**name));
    let module = MODULES.iter().find(linked)?;
    Some(Claim::new(format!("{module} may read it")))
}

/// Those that the final stage does not get: they are taken out of the copies of a whole tree, too, where nothing that is
/// started may read them.
pub(super) fn leave_out(parts: &Parts<'_, '_>, copies: &mut Vec<StageCopy>) -> Vec<String> {
    if parts.choice.tier == Tier::SameDistroTree && parts.needs.read && reader(parts).is_none() {
        let named = |path: &str| parts.needs.data.iter().any(|(data, _)| within(data, path) || within(path, data));
        let by_git = |path: &str| {
            let writes = |effect: &Effect<'_>| matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|made| made == path));
            let git = |effect: &Effect<'_>| super::effects::configured_by_git(effect.cmd).is_some();
            let mut writers = parts.effects.iter().filter(|effect| writes(effect)).peekable();
            writers.peek().is_some() && writers.all(git)
        };
        copies.retain(|copy| !(is_credential(&copy.from) || by_git(&copy.from)) || named(&copy.from));
    }
    let mut left = placed(parts.case, parts.effects);
    left.retain(|path| is_credential(path) && !copies.iter().any(|copy| within(path, &copy.from)));
    left
}

/// Why they have to stay: a program that may log in somewhere.
fn reader(parts: &Parts<'_, '_>) -> Option<String> {
    if let Some(claim) = parts.needs.program_gaps.first().or(parts.needs.logs_in.as_ref()) {
        return Some(claim.text.clone());
    }
    let own = |name: &str| super::needs::shipped(parts.found).any(|built| base_name(&built.path) == name);
    let (name, _) = parts.needs.programs.iter().find(|(name, _)| !own(name) && !is_of_every_base(name))?;
    Some(format!("{name} may read it"))
}

/// What is said of one that is copied all the same.
pub(super) fn why_copied(parts: &Parts<'_, '_>, path: &str) -> Option<String> {
    let why = reader(parts).unwrap_or_else(|| "what the file puts there".into());
    is_credential(path).then(|| format!("a credential, in the image as before: {why}"))
}

/// Tokens of the build that stay in ENV, for nobody knows who reads a variable.
pub(super) fn in_environment(parts: &Parts<'_, '_>) -> Vec<Claim> {
    const HOSTS: &[&str] = &["BITBUCKET", "CI_JOB", "GH", "GIT", "GITEA", "GITHUB", "GITLAB", "NPM"];
    let secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        let end = ["_TOKEN", "_ACCESS_TOKEN", "_PAT", "_PASSWORD", "_CREDENTIALS"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        end.is_some_and(|host| HOSTS.contains(&host))
    };
    let set = parts.case.stage.config.env.iter().map(|(name, _)| name).filter(|name| secret(name));
    set.filter(|name| !parts.needs.variables.contains(name))
        .map(|name| {
            Claim::new(format!("{name} stays set in the image, as before: take the ENV out if only the build reads it"))
        })
        .collect()
}
