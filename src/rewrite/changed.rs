//! Files of the base and of packages that RUN changes, moves away or removes. Whatever is started reads them, and so do
//! the libraries of a program with C code, although nothing names them.

use super::artifacts::Found;
use super::case::Case;
use super::effects::{Effect, Kind, absolute, moves};
use super::needs::{Claim, Needs, shipped};
use super::paths::{base_name, within};
use super::placed::{is_account_file, is_rerun, removed_later};
use super::presence::{Image, Presence};
use super::toolchains::go::Program;

/// Where programs and libraries look for how they are set up.
const PLACES: &[&str] = &["/etc", "/usr/local/etc", "/usr/share", "/usr/lib", "/opt"];

/// What the package manager, the build and the user look for there, and what is carried in another way.
const OTHERS: &[&str] = &[
    "/etc/apk",
    "/etc/apt",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/default/locale",
    "/etc/dpkg",
    "/etc/gitconfig",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.gen",
    "/etc/localtime",
    "/etc/pki",
    "/etc/ssh",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/timezone",
    "/etc/yum.repos.d",
    "/usr/lib/locale",
    "/usr/share/ca-certificates",
    "/usr/share/doc",
    "/usr/share/keyrings",
    "/usr/share/locale",
    "/usr/share/man",
    "/usr/share/postgresql-common",
    "/usr/share/zoneinfo",
];

fn is_setup(path: &str) -> bool {
    PLACES.iter().any(|dir| within(path, dir) && path != *dir)
        && !OTHERS.iter().any(|other| within(path, other))
        && !is_account_file(path)
}

/// What a RUN writes there comes along as it is in the build stage.
pub(super) fn carry(image: &Image<'_, '_>, found: &Found, programs: &[Option<Program>], needs: &mut Needs) {
    let case = image.case;
    if case.options.stated.runtime_files.is_some() {
        return;
    }
    let own = |name: &str| shipped(found).any(|built| base_name(&built.path) == name);
    let started = needs.programs.iter().find(|(name, _)| !own(name)).map(|(name, claim)| {
        let text = format!("{name} may read it: {}", claim.text);
        Claim { text, ..claim.clone() }
    });
    let linked = || {
        let evidence = programs.iter().flatten().find_map(|program| program.cgo.first())?;
        let claim = super::link::claim_cgo(evidence);
        Some(Claim { text: format!("a C library may read it: {}", claim.text), ..claim })
    };
    let reader = started.or_else(linked);
    let mut paths: Vec<(String, Claim)> = Vec::new();
    for effect in image.effects {
        let Kind::Write(written) = &effect.kind else { continue };
        if is_rerun(effect) {
            continue;
        }
        for path in written {
            let claim = match is_setup(path) {
                true => reader.clone(),
                false => in_home(path).and_then(|rest| of_home(rest, needs)),
            };
            let known = needs.data.iter().chain(&paths).any(|(data, _)| within(path, data));
            let Some(claim) = claim.filter(|_| !known) else { continue };
            let start = effect.cmd.span.start;
            if removed_later(case, image.effects, start, path) {
                continue;
            }
            let purged = |other: &Effect<'_>| other.cmd.span.start > start && matches!(other.kind, Kind::Remove(_));
            let sure = !super::left::may_fail(image, effect) && !image.effects.iter().any(purged);
            match image.presence(path) {
                Presence::Made(made) if sure && made == *path => paths.push((made, claim)),
                Presence::Made(_) | Presence::Perhaps(_) => {
                    let text =
                        format!("{path} as this leaves it is not wanted, which need not be there: {}", claim.text);
                    needs.open.push(Claim::at(text, effect.cmd.span));
                }
                _ => {}
            }
        }
    }
    needs.data.extend(paths);
}

/// The rest of a path in root's home.
fn in_home(path: &str) -> Option<&str> {
    path.strip_prefix("/root/").filter(|rest| rest.starts_with('.'))
}

/// `.curlrc` is curl's, `.config/rclone/rclone.conf` is rclone's, and a few have other names.
fn of_home(rest: &str, needs: &Needs) -> Option<Claim> {
    const NAMED: &[(&str, &[&str])] = &[
        (".my.cnf", &["mariadb", "mariadb-dump", "mysql", "mysqladmin", "mysqldump"]),
        (".pgpass", &["pg_basebackup", "pg_dump", "pg_dumpall", "pg_isready", "pg_restore", "psql"]),
        (".s3cfg", &["s3cmd"]),
    ];
    if matches!(rest, ".bash_aliases" | ".bash_profile" | ".bashrc" | ".profile") {
        return needs
            .shell
            .clone()
            .map(|claim| Claim { text: format!("a shell may read it: {}", claim.text), ..claim });
    }
    let named = rest.strip_prefix(".config/").unwrap_or(rest.trim_start_matches('.'));
    let reads = |name: &str| {
        let listed = NAMED.iter().find(|(file, _)| *file == rest).is_some_and(|(_, names)| names.contains(&name));
        listed || name.len() > 2 && named.starts_with(name)
    };
    let (name, claim) = needs.programs.iter().find(|(name, _)| reads(name))?;
    Some(Claim { text: format!("{name} may read it: {}", claim.text), ..claim.clone() })
}

/// `rm /etc/nginx/sites-enabled/default`, `mv policy.xml policy.xml.off`: paths that no instruction of the file made and
/// that are not there any more, so that the final stage, which has them of its base or of a package, takes them away again.
pub(super) fn taken_away(case: &Case<'_>, effects: &[Effect<'_>], effect: &Effect<'_>) -> Vec<String> {
    let cmd = effect.cmd;
    let gone: Option<Vec<String>> = match cmd.name.text.as_str() {
        "rm" | "unlink" => {
            let words = cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
            Some(words.filter_map(|arg| absolute(case, effect.step, cmd, &arg.text)).collect())
        }
        "mv" => moves(&case.scope(), effect.step, cmd).map(|pairs| pairs.into_iter().map(|(from, _)| from).collect()),
        _ => None,
    };
    let before = || effects.iter().filter(|other| other.cmd.span.start < cmd.span.start);
    let written = |path: &str| {
        before().any(|other| match &other.kind {
            Kind::Write(paths) | Kind::Make(paths) => paths.iter().any(|made| within(path, made)),
            _ => false,
        })
    };
    let copied = |path: &str| {
        case.steps().filter(|(_, inst)| inst.span.start < cmd.span.start).any(|(step, inst)| {
            let placed = super::placed::of_transfer(case, step, inst).unwrap_or_default();
            placed.iter().any(|placed| within(path, &placed.path))
        })
    };
    let plain = |path: &str| path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-+@".contains(letter));
    let mut gone = gone.unwrap_or_default();
    gone.retain(|path| {
        (is_setup(path) && !within(path, "/usr/lib") || within(path, "/var/www"))
            && plain(path)
            && !written(path)
            && !copied(path)
    });
    gone
}
