//! What the file brings and nothing names: carried where no later step of the build can want it, else said, and an open
//! obligation as soon as the program has code that nobody has read and that takes paths.

use std::collections::HashSet;

use super::artifacts::Found;
use super::effects::{Effect, Kind, absolute};
use super::layout::{Laid, Parts};
use super::needs::{Claim, Needs};
use super::outside::{Places, is_of_build};
use super::paths::{base_name, is_system_dir, within};
use super::placed::removed_later;
use super::presence::{Image, Presence};
use crate::context::tree::Origin;
use crate::shell::Joiner;
use crate::syntax::{Body, Instruction};

/// Carries what only the running program can want: files that are copied, fetched or written when nothing is built any
/// more, and directories that a RUN makes and leaves empty.
pub(super) fn unused_by_build(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    if !needs.read || case.options.stated.runtime_files.is_some() {
        return;
    }
    let places = Places::of(image);
    let builds_on = |from: u32| {
        image.effects.iter().any(|effect| {
            effect.cmd.span.start > from
                && matches!(effect.kind, Kind::Build | Kind::Unknown(_) | Kind::Unpack(_) | Kind::Write(_))
        })
    };
    // Nothing but this rule wants it, so it has to be there for sure.
    let may_go = |from: u32| image.effects.iter().any(|effect| effect.cmd.span.start > from && may_remove(effect));
    let mut paths: Vec<(String, Claim)> = Vec::new();
    let mut unsure: Vec<Claim> = Vec::new();
    // ADD unpacks what is an archive, by its bytes.
    let of_context = |inst: &Instruction| matches!(inst.body, Body::Copy(_)) && inst.flag("from").is_none();
    for (step, inst) in case.steps().filter(|(_, inst)| of_context(inst) && !builds_on(inst.span.start)) {
        for path in super::placed::named(case, step, inst) {
            let claim = Claim::at("it is copied when nothing is built any more", inst.content);
            if needs.left.iter().any(|left| within(left, &path)) && places.is_for_running(&path, found) {
                if may_go(inst.span.start) {
                    unsure.push(Claim {
                        text: format!("nothing reads {path}, which a later command may remove"),
                        ..claim
                    });
                } else {
                    paths.push((path, claim));
                }
            }
        }
    }
    // What --build-arg may change is made again by its own command, with the argument.
    let is_literal = |effect: &Effect<'_>| !case.source.slice(effect.cmd.span).contains('$');
    let alone = |effect: &Effect<'_>| !effect.cmd.conditional || matches!(effect.kind, Kind::Make(_));
    for effect in image.effects.iter().filter(|effect| alone(effect) && is_literal(effect)) {
        let (made, text) = match &effect.kind {
            Kind::Make(made) => (made, "a RUN makes this directory and leaves it empty"),
            Kind::Write(made) if is_written(effect) => (made, "a RUN makes it, and no step of the build takes it"),
            _ => continue,
        };
        for path in made {
            let used = image.effects.iter().any(|other| {
                let words = other.cmd.args.iter().filter_map(|arg| absolute(case, other.step, other.cmd, &arg.text));
                let inside = |word: String| within(&word, path);
                let asks = matches!(other.cmd.name.text.as_str(), "[" | "[[" | "test");
                other.cmd.span.start != effect.cmd.span.start && !asks && !keeps(other) && words.into_iter().any(inside)
            });
            let filled = case.tree().is_some_and(|tree| tree.under(path).next().is_some());
            if used || filled || !places.is_for_running(path, found) {
                continue;
            }
            // `[ -d /cfg ] || mkdir /cfg`
            if effect.cmd.conditional && !needs.takes_paths.is_empty() && !is_system_dir(path) {
                let text = format!("nothing reads {path}, which is made only under a condition");
                unsure.push(Claim::at(text, effect.cmd.span));
            }
            let Presence::Made(made) = image.presence(path) else { continue };
            if may_go(effect.cmd.span.start) || may_fail(image, effect) {
                let text = format!("nothing reads {path}, which need not be there");
                unsure.push(Claim::at(text, effect.cmd.span));
            } else {
                paths.push((made, Claim::at(text, effect.cmd.span)));
            }
        }
    }
    paths.retain(|(path, _)| {
        let known = needs.data.iter().any(|(data, _)| within(path, data) || within(data, path));
        !known && !is_system_dir(path) && !removed_later(case, image.effects, 0, path)
    });
    needs.data.extend(paths);
    needs.open.extend(unsure);
}

/// `wget … || true`, `wget …; next`: the build goes on without it.
pub(super) fn may_fail(image: &Image<'_, '_>, effect: &Effect<'_>) -> bool {
    let next =
        image.effects.iter().find(|other| other.inst == effect.inst && other.cmd.span.start > effect.cmd.span.start);
    effect.cmd.negated || next.is_some_and(|next| !matches!(next.cmd.joiner, Joiner::And | Joiner::Pipe))
}

/// `make clean`, `git clean`, a script, `rm -rf {a,b}`: what they take away is not told by their words.
fn may_remove(effect: &Effect<'_>) -> bool {
    let name = effect.cmd.name.text.as_str();
    let pattern = || effect.cmd.args.iter().any(|arg| arg.text.contains(['{', '(', '[', '?', '*', '$']));
    match name {
        // They work on caches and on what they are told to write.
        "go" | "npm" | "yarn" | "pnpm" | "pip" | "pip3" | "strip" | "upx" => false,
        "rm" | "rmdir" | "unlink" | "mv" => pattern(),
        _ => matches!(effect.kind, Kind::Build | Kind::Unknown(_)),
    }
}

/// A file that is fetched or printed: neither a link nor what another file is copied to.
fn is_written(effect: &Effect<'_>) -> bool {
    let name = effect.cmd.name.text.as_str();
    matches!(name, "cat" | "curl" | "echo" | "envsubst" | "printf" | "tee" | "wget") && !super::placed::is_rerun(effect)
}

/// What is done to a path without taking it: its owner, its mode, or that it is there.
fn keeps(effect: &Effect<'_>) -> bool {
    matches!(effect.kind, Kind::Own(..) | Kind::Mode(_) | Kind::Make(_))
}

/// Files that look like data and that stay in the builder: nothing names them, and nothing of the build takes them.
fn behind<'p>(parts: &'p Parts<'_, '_>, laid: &Laid) -> Vec<&'p str> {
    let Some(tree) = parts.case.tree() else { return Vec::new() };
    let stays = |path: &str| !laid.copies.iter().any(|copy| within(path, &copy.from));
    let of_context = |origin: Option<&Origin>| match origin {
        Some(Origin::Context(from)) => Some(from.clone()),
        _ => None,
    };
    // The same file may stand in two places: `COPY . .` takes what a second COPY puts where it belongs.
    let carried: HashSet<String> = laid
        .copies
        .iter()
        .flat_map(|copy| tree.under(&copy.from).map(|(_, origin)| Some(origin)).chain([tree.origin(&copy.from)]))
        .filter_map(of_context)
        .collect();
    let taken = |path: &str| {
        parts.effects.iter().any(|effect| {
            let named = |text: &str| absolute(parts.case, effect.step, effect.cmd, text);
            let command = effect.cmd.name.text.contains('/').then(|| named(&effect.cmd.name.text)).flatten();
            command.as_deref() == Some(path)
                || effect.cmd.args.iter().any(|arg| named(&arg.text).as_deref() == Some(path))
        })
    };
    let mut left: Vec<&str> = parts.needs.left.iter().map(String::as_str).collect();
    left.retain(|path| stays(path) && !is_of_build(path) && !is_of_tool(path) && !taken(path));
    left.retain(|path| of_context(tree.origin(path)).is_none_or(|from| !carried.contains(&from)));
    left.sort_unstable();
    left.dedup();
    left
}

/// Nothing but sources stays behind of all that COPY, ADD and RUN put into the image: each command is understood, and
/// what it made is copied or made again.
pub(super) fn is_all_carried(parts: &Parts<'_, '_>, laid: &Laid) -> bool {
    let case = parts.case;
    let Some(tree) = case.tree().filter(|tree| tree.gaps.is_empty()) else { return false };
    let carried = |path: &str| laid.copies.iter().any(|copy| within(path, &copy.from));
    let source = |path: &str| {
        path.ends_with(".go") || matches!(base_name(path), "go.mod" | "go.sum" | "go.work" | "go.work.sum")
    };
    let understood = case.runs().all(|(step, _)| step.script.as_ref().is_some_and(|script| script.opaque.is_none()));
    let stays = |effect: &Effect<'_>| {
        let path = |text: &str| absolute(case, effect.step, effect.cmd, text);
        match &effect.kind {
            Kind::Write(paths) => {
                paths
                    .iter()
                    .all(|path| carried(path) || removed_later(case, parts.effects, effect.cmd.span.start, path))
                    || super::placed::is_rerun(effect)
            }
            Kind::Build => {
                let go = effect.cmd.name.text == "go";
                // Its programs are among the files, and its caches are for nobody else.
                let verb = effect.cmd.args.iter().map(|arg| arg.text.as_str()).find(|arg| !arg.starts_with('-'));
                let plain = matches!(verb, Some("build" | "env" | "fmt" | "install" | "mod" | "version" | "vet"));
                go && plain
                    && path(".").is_some_and(|dir| {
                        carried(&dir) || tree.under(&dir).all(|(file, _)| source(file) || carried(file))
                    })
            }
            Kind::Unpack(_) | Kind::Unknown(_) | Kind::Capabilities => false,
            _ => true,
        }
    };
    understood
        && case.walk.untracked.is_empty()
        && parts.needs.links.is_empty()
        && case.steps().all(|(step, inst)| {
            inst.transfer().is_none()
                || super::placed::of_transfer(case, step, inst).is_ok_and(|placed| {
                    let known = inst.flag("from").is_none();
                    placed.iter().all(|placed| {
                        carried(&placed.path)
                            || known
                                && tree.under(&placed.path).all(|(file, _)| source(file) || carried(file))
                                && !tree.is_file(&placed.path)
                            || source(&placed.path)
                    })
                })
        })
        && parts.effects.iter().all(stays)
        && tree.under("/").all(|(file, _)| source(file) || carried(file))
}

/// `/app/a.yml, /app/b.yml and 7 more`
fn listed(paths: &[&str]) -> String {
    const SHOWN: usize = 4;
    let more = paths.len().saturating_sub(SHOWN);
    let shown: Vec<&str> = paths.iter().take(SHOWN).copied().collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// The one place where somebody who knows the program sees what reading its sources may have missed.
pub(super) fn lost(parts: &Parts<'_, '_>, laid: &Laid) -> Option<String> {
    let left = behind(parts, laid);
    (!left.is_empty()).then(|| format!("files that nothing names: {}", listed(&left)))
}

/// How the assumption about files that stay behind begins; stating what is read settles it.
pub(super) const ASSUMED: &str = "nothing reads what stays behind";

/// A module that takes paths may be told one of these by an argument, a variable or a configuration file.
pub(super) fn assumed(parts: &Parts<'_, '_>, laid: &Laid) -> Option<Claim> {
    if parts.case.options.stated.runtime_files.is_some() || !parts.needs.is_complete() {
        return None;
    }
    // Of modules that nobody knows all is open already.
    let takes = &parts.needs.takes_paths;
    let package = takes.iter().filter(|package| !takes_only_secrets(package)).min().or(takes.iter().min())?;
    let mut left = behind(parts, laid);
    if takes.iter().all(|package| takes_only_secrets(package)) {
        left.retain(|path| !is_plainly_no_secret(path));
    }
    if parts.needs.programs.is_empty() && parts.needs.shell.is_none() {
        let is_script = |path: &str| [".bat", ".cmd", ".ps1", ".sh"].iter().any(|end| path.ends_with(end));
        left.retain(|path| !is_script(path) && !is_of_front_end(path));
    }
    if !left.is_empty() {
        return Some(Claim::new(format!("{ASSUMED}, as {package} may: {}", listed(&left))));
    }
    let effect = parts.effects.iter().find(|effect| stays_behind(parts, laid, effect))?;
    let text = format!("nothing reads what {} leaves, as {package} may", effect.cmd.name.text);
    Some(Claim::at(text, effect.cmd.span))
}

/// Drivers whose connection strings name certificates, keys and files of passwords, and nothing else.
fn takes_only_secrets(package: &str) -> bool {
    const DRIVERS: &[&str] =
        &["github.com/jackc/pgconn", "github.com/jackc/pgx", "github.com/lib/pq", "go.mongodb.org/mongo-driver"];
    DRIVERS.iter().any(|driver| within(package, driver))
}

/// By its ending no certificate, no key and no file of passwords, whatever a connection string says.
fn is_plainly_no_secret(path: &str) -> bool {
    #[rustfmt::skip]
    const ENDS: &[&str] = &[
        ".css", ".csv", ".gif", ".gohtml", ".graphql", ".graphqls", ".htm", ".html", ".ico", ".jpeg", ".jpg", ".js", ".json", ".map",
        ".md", ".mod", ".png", ".proto", ".scss", ".sh", ".sql", ".svg", ".tmpl", ".toml", ".ts", ".tsx", ".webp", ".woff", ".woff2",
        ".yaml", ".yml",
    ];
    let name = base_name(path).to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end))
}

/// What the tools of a front end read when it is built; where no program is started, nobody else does.
fn is_of_front_end(path: &str) -> bool {
    #[rustfmt::skip]
    const FILES: &[&str] = &[
        ".babelrc", ".browserslistrc", ".npmrc", ".nvmrc", "angular.json", "bun.lockb", "components.json", "jsconfig.json",
        "npm-shrinkwrap.json", "package-lock.json", "package.json", "pnpm-lock.yaml", "yarn.lock",
    ];
    let name = base_name(path);
    let configures = [".config.js", ".config.cjs", ".config.mjs", ".config.ts"].iter().any(|end| name.ends_with(end));
    FILES.contains(&name) || configures || name.starts_with("tsconfig") && name.ends_with(".json")
}

/// A command that unpacks, moves or fetches what is not copied: into a place that only the running program may want,
/// or one that is not known.
fn stays_behind(parts: &Parts<'_, '_>, laid: &Laid, effect: &Effect<'_>) -> bool {
    #[rustfmt::skip]
    const HANDS_ON: &[&str] = &[
        "7z", "7za", "age", "aws", "az", "base64", "bunzip2", "bzip2", "certbot", "cp", "curl", "gcloud", "gpg", "gunzip",
        "gzip", "install", "keytool", "kubectl", "mkcert", "mv", "openssl", "rclone", "sops", "sqlite3", "ssh-keygen",
        "step", "tar", "unxz", "unzip", "unzstd", "vault", "wget", "xz", "zcat", "zstd",
    ];
    if !HANDS_ON.contains(&effect.cmd.name.text.as_str()) || super::placed::is_rerun(effect) {
        return false;
    }
    let case = parts.case;
    let image = parts.image();
    let places = Places::of(&image);
    let carried = |path: &str| laid.copies.iter().any(|copy| within(path, &copy.from) || within(&copy.from, path));
    let gone = |path: &str| removed_later(case, parts.effects, effect.cmd.span.start, path);
    match &effect.kind {
        Kind::Unknown(_) => true,
        // What an archive holds is not known, so it counts where sources lie, too.
        Kind::Write(dirs) if matches!(effect.cmd.name.text.as_str(), "tar" | "unzip") => {
            let whole = |dir: &str| laid.copies.iter().any(|copy| within(dir, &copy.from));
            dirs.iter().any(|dir| !whole(dir) && !is_of_build(dir) && !gone(dir))
        }
        // Under a computed name in a directory that holds files of the context.
        Kind::Write(dirs)
            if matches!(effect.cmd.name.text.as_str(), "curl" | "wget")
                && dirs.iter().any(|dir| case.tree().is_some_and(|tree| tree.under(dir).next().is_some())) =>
        {
            let whole = |dir: &str| laid.copies.iter().any(|copy| within(dir, &copy.from));
            dirs.iter().any(|dir| !whole(dir) && !gone(dir))
        }
        Kind::Write(paths) => paths.iter().any(|path| {
            let used = parts.effects.iter().any(|other| {
                let words = other.cmd.args.iter().filter_map(|arg| absolute(case, other.step, other.cmd, &arg.text));
                let inside = |word: String| within(&word, path);
                other.cmd.span.start > effect.cmd.span.start && !keeps(other) && words.into_iter().any(inside)
            });
            !used && !carried(path) && !gone(path) && places.is_for_running(path, parts.found)
        }),
        _ => false,
    }
}

/// Files of tools and services that look like data and that a program does not read: how it is deployed, tested,
/// built elsewhere. `data.rs` knows those that no program reads even when it reads everything.
fn is_of_tool(path: &str) -> bool {
    let name = base_name(path).to_ascii_lowercase();
    let of_compose = name.starts_with("docker-compose") || name.starts_with("compose.");
    let example = [".example", "-example", ".sample", ".template", ".dist"];
    let environment = name.starts_with(".env") || name.ends_with(".env");
    let dirs = ["/.buildkite/", "/.husky/", "/.k8s/", "/.tekton/", "/helm/", "/k8s/", "/kubernetes/", "/terraform/"];
    of_compose
        || (environment && example.iter().any(|word| name.contains(word)))
        || FILES.contains(&name.as_str())
        || ENDS.iter().any(|end| name.ends_with(end))
        || dirs.iter().any(|dir| path.contains(dir))
        || name.starts_with('.') && STEMS.iter().any(|stem| name.starts_with(stem))
}

const FILES: &[&str] = &[
    ".envrc",
    ".gcloudignore",
    ".helmignore",
    ".nvmrc",
    ".tool-versions",
    "action.yaml",
    "action.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buf.gen.yaml",
    "buf.work.yaml",
    "buf.yaml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "codecov.yml",
    "earthfile",
    "fly.toml",
    "flake.lock",
    "flake.nix",
    "gqlgen.yml",
    "heroku.yml",
    "justfile",
    "lefthook.yml",
    "netlify.toml",
    "procfile",
    "renovate.json",
    "render.yaml",
    "shell.nix",
    "sonar-project.properties",
    "sqlc.yaml",
    "sqlc.yml",
    "vagrantfile",
    "vercel.json",
    "wercker.yml",
];
const ENDS: &[&str] = &[".iml", ".mod", ".postman_collection.json", ".postman_environment.json", ".proto", ".tf"];
const STEMS: &[&str] = &[
    ".commitlint",
    ".eslint",
    ".markdownlint",
    ".mockery",
    ".prettier",
    ".realize",
    ".release",
    ".stylelint",
    ".vscode",
];
