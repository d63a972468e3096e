//! Credentials by which the build fetches private sources: they stay behind, and the plan says so.

use super::Tier;
use super::layout::Parts;
use super::needs::Claim;
use super::packages::is_of_every_base;
use super::paths::{base_name, within};
use super::render::StageCopy;

/// `/root/.netrc`, `/root/.ssh/id_rsa`: read by git, go, npm and ssh, in the home of a user.
fn is_credential(path: &str) -> bool {
    let home = path.strip_prefix("/root/").or_else(|| {
        let rest = path.strip_prefix("/home/")?;
        rest.split_once('/').map(|(_, rest)| rest)
    });
    home.is_some_and(|rest| {
        matches!(rest, ".netrc" | ".git-credentials" | ".npmrc" | ".ssh")
            || within(rest, ".ssh") && base_name(rest) != "config"
    })
}

/// Takes them out of the copies of a whole tree where nothing that is started may read them.
pub(super) fn leave_out(parts: &Parts<'_, '_>, copies: &mut Vec<StageCopy>) -> Vec<String> {
    if parts.choice.tier != Tier::SameDistroTree || !parts.needs.read || reader(parts).is_some() {
        return Vec::new();
    }
    let named = |path: &str| parts.needs.data.iter().any(|(data, _)| within(data, path) || within(path, data));
    let left: Vec<String> =
        copies.iter().map(|copy| copy.from.clone()).filter(|path| is_credential(path) && !named(path)).collect();
    copies.retain(|copy| !left.contains(&copy.from));
    left
}

/// Why they have to stay: a program that may log in somewhere.
fn reader(parts: &Parts<'_, '_>) -> Option<String> {
    if let Some(claim) = parts.needs.program_gaps.first() {
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
