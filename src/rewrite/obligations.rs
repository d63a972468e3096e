//! What the plan says of itself: what is copied and why, what was assumed and whether it is proved, what is lost.

use super::effects::Kind;
use super::layout::{Laid, Parts};
use super::link::Link;
use super::modes::Mode;
use super::needs::{Claim, shipped};
use super::paths::within;
use super::placed::{owner_of, owners};
use super::presence::Presence;
use super::releases::{Family, Ground};
use super::toolchains::go::Chosen;
use super::{Artifact, Obligation, Tier, environment};
use crate::model::variables;
use crate::syntax::Body;

pub(super) fn artifacts(parts: &Parts<'_, '_>, laid: &Laid) -> Vec<Artifact> {
    laid.copies
        .iter()
        .map(|copy| {
            let leads = |built: &super::artifacts::Built| built.link_to.as_deref() == Some(copy.from.as_str());
            let built = shipped(parts.found).find(|built| built.path == copy.from || leads(built));
            let data = parts.needs.data.iter().find(|(path, _)| super::layout::data_path(path) == copy.from);
            let why = match (built, data) {
                (Some(built), _) if !built.why.is_empty() => built.why.clone(),
                (Some(_), _) => "the program that the build makes".into(),
                (None, Some((_, claim))) => claim.text.clone(),
                (None, None) => why_copied(parts, &copy.from),
            };
            Artifact { from: copy.from.clone(), to: copy.to.clone(), why }
        })
        .collect()
}

fn why_copied(parts: &Parts<'_, '_>, path: &str) -> String {
    match path {
        "/etc/ssl/certs/ca-certificates.crt" => "the root certificates of the builder".into(),
        "/usr/local/go/lib/time/zoneinfo.zip" => "the time zones of the toolchain".into(),
        super::system::MIME_TYPES => "the content types of the builder, by extension".into(),
        "/tmp" => "a directory for temporary files".into(),
        "/etc/passwd" | "/etc/group" if parts.needs.accounts => "the accounts that the program looks up".into(),
        "/etc/passwd" | "/etc/group" => "the user of the image".into(),
        "/etc/localtime" | "/etc/timezone" => "the time zone that the build sets".into(),
        _ if *path == parts.case.workdir => {
            "the whole working directory: what the program reads of it is not known".into()
        }
        _ if super::accounts::fresh_home(parts).as_deref() == Some(path) => "the home of the user".into(),
        _ => {
            let credential = super::credentials::why_copied(parts, path);
            credential.unwrap_or_else(|| "what the file puts there".into())
        }
    }
}

pub(super) fn obligations(parts: &Parts<'_, '_>, laid: &Laid, links: &[Link]) -> Vec<Obligation> {
    let mut list: Vec<Obligation> = Vec::new();
    let mut add = |proved: bool, claim: Claim| {
        let obligation = Obligation { text: claim.text, span: claim.shown.span, file: claim.shown.file, proved };
        if !list.iter().any(|known| known.text == obligation.text) {
            list.push(obligation);
        }
    };
    let tier = parts.choice.tier;
    for built in shipped(parts.found) {
        let text = format!("the build leaves the program at {}", built.path);
        let text = if built.proved || built.why.is_empty() { text } else { format!("{text} ({})", built.why) };
        add(built.proved, Claim::at(text, built.span));
    }
    for link in links {
        let (proved, claim) = match link {
            Link::Static { why, add_cgo: true } => (
                true,
                Claim {
                    text: format!("the program is static: {}, and CGO_ENABLED=0 is added", why.text),
                    ..why.clone()
                },
            ),
            Link::Static { why, .. } => {
                (true, Claim { text: format!("the program is static: {}", why.text), ..why.clone() })
            }
            Link::Libc { why, .. } => (
                true,
                Claim { text: format!("the final base has the C library of the builder: {}", why.text), ..why.clone() },
            ),
            Link::Libraries { why, packages } => {
                let named = if packages.is_empty() { String::new() } else { format!(" ({})", packages.join(", ")) };
                let text = format!("the final stage has the C libraries that the build linked{named}: {}", why.text);
                (installs_libraries(parts), Claim { text, ..why.clone() })
            }
            Link::Either { open, .. } => (false, open.clone()),
            Link::Unknown { why } => (
                tier <= Tier::SameDistro,
                Claim { text: format!("the final base has the C library of the builder: {}", why.text), ..why.clone() },
            ),
        };
        add(proved, claim);
    }
    if let Some((_, words)) = &parts.entry.exec_form {
        let text = format!("{} needs no shell: plain words, now in exec form", words.join(" "));
        add(true, Claim::at(text, parts.entry.span));
    }
    if let Some((inst, words)) = parts.health_exec() {
        let text = format!("{} needs no shell: plain words, now in exec form", words.join(" "));
        add(true, Claim::at(text, parts.case.content(*inst)));
    }
    needs(parts, laid, &mut add);
    if let Some(claim) = super::left::assumed(parts, laid) {
        add(false, claim);
    }
    users(parts, laid, &mut add);
    ground(parts, links, &mut add);
    for claim in &parts.choice.open {
        add(false, claim.clone());
    }
    for path in &laid.credentials {
        let text = format!("only the build reads {path}, a credential, so it is not copied");
        add(tier > Tier::SameDistroTree, Claim::new(text));
    }
    for claim in super::credentials::in_environment(parts) {
        add(true, claim);
    }
    for (_, claim) in &parts.needs.links {
        add(true, claim.clone());
    }
    for text in &laid.dropped {
        add(true, Claim::new(format!("only the build reads `{text}`")));
    }
    if tier <= Tier::SameDistro && !parts.pure {
        kept_headers(parts, &mut add);
    }
    if laid.outline.tail.is_some() {
        add(true, Claim::new("no program reads /go/pkg, the module cache, so it is removed before /go is copied"));
    }
    for (name, value) in environment::of_old_base(parts) {
        if environment::is_named(parts, &name) {
            let text = match &value {
                Some(value) if name == "HOME" => format!("HOME={value} of the old base is set again"),
                Some(value) => format!("{name}={value} of the old base is set again, as the program names it"),
                None => {
                    format!("the program does without the variable {name}, which it names and only the old base sets")
                }
            };
            add(value.is_some(), Claim::at(text, parts.case.base_span()));
        }
    }
    if parts.case.stage.name.is_some() {
        let text = "nobody builds this file with --target: its only stage becomes the builder";
        add(false, Claim::at(text, parts.case.base_span()));
    }
    chosen(parts, laid, &mut add);
    for go in &parts.case.walk.builds {
        // `$TARGETARCH` is what the engine builds the image for, unless FROM says otherwise.
        let of_base = parts.case.stage.image().and_then(super::releases::architecture);
        let own = of_base.and_then(|own| own.platform.split('/').nth(1));
        let agrees = |arch: &str| match own {
            Some(own) => arch.is_empty() || arch == own,
            None => arch.is_empty() || arch.starts_with('$') && parts.case.stage.platform.is_none(),
        };
        if let Some((_, arch)) = go.cross.as_ref().filter(|(_, arch)| !agrees(arch)) {
            let text = match arch.as_str() {
                "?" | "$TARGETARCH" => {
                    "the image is only built for the platform that GOARCH names when it is built".to_string()
                }
                arch => format!("the image is only built for {arch}, which the program is compiled for"),
            };
            let usual = arch == "amd64" && parts.case.stage.platform.is_none() && own.is_none();
            add(usual, Claim::at(text, go.span));
        }
    }
    list
}

/// What another `--build-arg` makes of the file: the plan was made for the defaults.
fn chosen(parts: &Parts<'_, '_>, laid: &Laid, add: &mut dyn FnMut(bool, Claim)) {
    let case = parts.case;
    for built in shipped(parts.found) {
        let Some(go) = built.build.and_then(|index| case.walk.builds.get(index)) else { continue };
        let tree = || built.build.and_then(|index| case.walk.seen_by(index)).unwrap_or_else(|| case.walk.tree.clone());
        match &go.chosen {
            Some(Chosen { by, below: Some(below) }) if parts.needs.read => {
                let all = super::detect::all_choices(&tree(), below, go);
                let text = format!("every program that {by} can choose was read: {}", all.join(", "));
                add(!all.is_empty(), Claim::at(text, go.span));
            }
            Some(Chosen { by, .. }) => {
                let text = format!("the ARG {by} keeps its default: with another one another program is built");
                add(false, Claim::at(text, go.span));
            }
            None => {}
        }
        if let Some(why) = &go.open_tags
            && parts.needs.read
        {
            let text = format!("{why} may give any tags: the files of all of them were read");
            add(true, Claim::at(text, go.span));
        }
    }
    for effect in parts.effects {
        let cmd = effect.cmd;
        let redirects = cmd.redirects.iter().chain(cmd.outer_redirects.iter()).map(|redirect| &redirect.target);
        for word in cmd.args.iter().chain(redirects) {
            let by =
                variables(&word.text, case.file.escape).into_iter().find(|name| effect.step.env.is_changeable(name));
            let Some(by) = by else { continue };
            let own = super::effects::absolute(case, effect.step, cmd, &word.text);
            let fetched = match &effect.kind {
                Kind::Write(paths) if matches!(cmd.name.text.as_str(), "curl" | "wget") => paths.as_slice(),
                _ => &[],
            };
            let other = |path: &str| path != case.workdir && case.tree().is_none_or(|tree| !has_files(tree, path));
            let hit = |path: &String| {
                laid.copies.iter().find(|copy| {
                    within(&copy.from, path) && path != "/" || within(path, &copy.from) && other(&copy.from)
                })
            };
            if let Some(copy) = own.iter().chain(fetched).find_map(hit) {
                let text = format!("the ARG {by} keeps its default: the path {} comes of it", copy.from);
                add(false, Claim::at(text, cmd.span));
            }
        }
    }
    for (step, inst) in case.steps() {
        let words: Vec<&str> = match &inst.body {
            Body::Workdir(word) => vec![&word.text],
            _ => inst.transfer().map_or_else(Vec::new, |transfer| {
                transfer.sources.iter().chain([&transfer.dest]).map(|word| &*word.text).collect()
            }),
        };
        let names = words.into_iter().flat_map(|word| variables(word, case.file.escape));
        for name in names.filter(|name| step.env.is_changeable(name)) {
            let text = format!("the ARG {name} keeps its default: {} is written for it", inst.name.text);
            add(false, Claim::at(text, inst.content));
        }
    }
}

fn has_files(tree: &crate::context::tree::ImageTree<'_>, path: &str) -> bool {
    tree.is_file(path) || tree.under(path).next().is_some()
}

/// Packages for building that the final stage installs again for the libraries behind them.
fn kept_headers(parts: &Parts<'_, '_>, add: &mut dyn FnMut(bool, Claim)) {
    for effect in parts.effects {
        let Kind::Install(install) = &effect.kind else { continue };
        let kept: Vec<&str> = install
            .packages
            .iter()
            .map(|package| package.name.as_str())
            .filter(|name| super::packages::is_dev(name) && !super::packages::builds_only(name))
            .filter(|name| super::packages::library_of(name, parts.ground).is_none())
            .collect();
        if !kept.is_empty() {
            let text = "installed again, since it is not known which packages have only their libraries";
            add(true, Claim::at(format!("{}: {text}", kept.join(", ")), effect.cmd.span));
        }
    }
}

/// The final stage installs what the `-dev` packages of the builder stand for.
fn installs_libraries(parts: &Parts<'_, '_>) -> bool {
    parts.choice.tier <= Tier::SameDistro
        && parts.effects.iter().any(|effect| match &effect.kind {
            Kind::Install(install) => install.packages.iter().any(|package| super::packages::is_dev(&package.name)),
            _ => false,
        })
}

fn needs(parts: &Parts<'_, '_>, laid: &Laid, add: &mut dyn FnMut(bool, Claim)) {
    let needs = parts.needs;
    let tier = parts.choice.tier;
    if needs.is_complete() {
        let own = |path: &str| shipped(parts.found).any(|built| built.path == path);
        // Of modules that nobody has read, or of which something is open, neither is proved.
        let whole = needs.unknown().is_empty() && needs.open.is_empty() && super::left::assumed(parts, laid).is_none();
        let what = if whole { "the program" } else { "what was read of the program" };
        if needs.data.iter().all(|(path, _)| own(path)) {
            add(true, Claim::new(format!("{what} reads no files of the image")));
        }
        for (path, claim) in &needs.data {
            if own(path) {
                continue;
            }
            let (proved, how) = match parts.image().presence(&super::layout::data_path(path)) {
                Presence::Made(_) => (true, "is copied".to_string()),
                Presence::Everywhere if path == "/etc/os-release" && tier > Tier::SameDistro => {
                    (false, "names another system in the new image".to_string())
                }
                Presence::Everywhere => (true, "is in every image".to_string()),
                Presence::Absent if claim.text == super::needs::STATED_FILE => {
                    (false, "is not in the image today, and so not copied".to_string())
                }
                Presence::Absent => (true, "is not in the image today, so nothing is lost".to_string()),
                Presence::Perhaps(why) => (false, format!("is not copied, although {}", why.text)),
            };
            add(proved, Claim { text: format!("{} {how}: {}", path, claim.text), ..claim.clone() });
        }
        let own = |name: &str| shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name);
        if needs.programs.iter().all(|(name, _)| own(name)) && needs.shell.is_none() {
            let known = !needs.stated || parts.case.options.stated.needs_shell == Some(false);
            let stated = match parts.case.options.stated.needs_shell {
                Some(false) => ": you state it",
                _ => "",
            };
            add(known, Claim::new(format!("{what} starts no other program{stated}")));
        }
    } else {
        for gap in needs.gaps.iter().chain(&needs.program_gaps) {
            add(false, gap.clone());
        }
        if tier == Tier::SameDistroTree {
            let text = format!("the program reads nothing outside of {} that the build made", parts.case.workdir);
            match super::left::is_all_carried(parts, laid) {
                true => {
                    add(true, Claim::new("everything that the file puts into the image is copied, but for sources"))
                }
                false => add(false, Claim::new(text)),
            }
            // Every program that is started is listed by itself where all that starts any was read; C code was not.
            let known = needs.read && parts.pure && needs.program_gaps.is_empty() && parts.found.script.is_none();
            let other = |name: &str| !shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name);
            let made = parts.case.walk.untracked.iter().any(|untracked| untracked.makes_go_files());
            match known && !made && parts.entry.computed.is_empty() {
                true if needs.shell.is_some() || needs.programs.iter().any(|(name, _)| other(name)) => {}
                true => add(true, Claim::new("what was read of the program starts no other program")),
                false => {
                    add(false, Claim::new("the program starts no program that only the old base has, such as git"))
                }
            }
        }
    }
    for claim in &needs.open {
        add(false, claim.clone());
    }
    for (name, claim) in &needs.programs {
        let known = super::packages::provider(name, parts.ground.is_some_and(super::releases::Ground::alpine));
        let own = shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name);
        let stated = !parts.case.options.stated.packages.is_empty();
        let proved = own
            || stated
            || known != super::packages::Provided::Unknown
            || super::reruns::installs(parts, name)
            || super::by_name::place(parts.case, name).is_some()
            || parts.choice.fetched.iter().any(|found| super::paths::base_name(&found.path) == name);
        let text = match !proved && super::layout::fetches(parts, name) {
            true => format!("{name}, which a RUN fetches, runs on {} as well: {}", parts.choice.base, claim.text),
            false => format!("{name} is in the final image: {}", claim.text),
        };
        add(proved, Claim { text, ..claim.clone() });
    }
    if !needs.cached.is_empty() {
        add(true, Claim::new(format!("read in your Go module cache: {}", needs.cached.join(", "))));
    }
    if !needs.unread.is_empty() {
        // What the table says of a known module is among the needs already.
        let unknown = needs.unknown();
        let known: Vec<&str> =
            needs.unread.iter().map(String::as_str).filter(|module| !unknown.contains(module)).collect();
        if !known.is_empty() {
            add(true, Claim::new(format!("what these modules need is known: {}", known.join(", "))));
        }
        if !unknown.is_empty() {
            let text = "these modules, whose sources were not read, read no files and start no programs";
            add(false, Claim::new(format!("{text}: {}", unknown.join(", "))));
        }
    }
    for (claim, what) in [
        (&needs.certificates, "root certificates"),
        (&needs.time_zones, "time zones"),
        (&needs.temp_dir, "/tmp"),
        (&needs.mime_types, "MIME types"),
        (&needs.users, "the user database"),
        (&needs.services, "the names of services"),
    ] {
        if let Some(claim) = claim {
            let proved = is_there(parts, laid, what);
            add(proved, Claim { text: format!("the final image has {what}: {}", claim.text), ..claim.clone() });
        }
    }
}

/// The final image has what the program reads of a system: from its base, from a package, or copied.
fn is_there(parts: &Parts<'_, '_>, laid: &Laid, what: &str) -> bool {
    let copied = |path: &str| laid.copies.iter().any(|copy| copy.to == path);
    let installed = |name: &str| {
        parts.choice.packages.iter().any(|package| package == name) || parts.effects.iter().any(|effect| {
            matches!(&effect.kind, Kind::Install(install) if install.packages.iter().any(|package| package.name == name))
        })
    };
    let ground = parts.ground;
    let same_base = ground.is_some_and(|ground| !ground.toolchain_image);
    match (parts.choice.tier, what) {
        (Tier::Distroless, _) => true,
        (Tier::Scratch, "root certificates") => copied("/etc/ssl/certs/ca-certificates.crt"),
        (Tier::Scratch, "time zones") => copied("/usr/local/go/lib/time/zoneinfo.zip"),
        (Tier::Scratch, "/tmp") => copied("/tmp"),
        (Tier::Scratch, "the user database") => copied("/etc/passwd"),
        (Tier::Scratch, "MIME types") => copied(super::system::MIME_TYPES) || ground.is_some_and(Ground::alpine),
        (Tier::Scratch, _) => false,
        (_, "root certificates") => {
            same_base
                || copied("/etc/ssl/certs/ca-certificates.crt")
                || installed("ca-certificates")
                || ground.is_some_and(super::releases::Ground::slim_has_certificates)
        }
        (_, "time zones") => {
            // Those of the toolchain are for Go alone.
            let own = |name: &str| shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name);
            let others = parts.needs.shell.is_some() || parts.needs.programs.iter().any(|(name, _)| !own(name));
            same_base
                || copied("/usr/local/go/lib/time/zoneinfo.zip") && (!others || ground.is_some_and(Ground::alpine))
                || installed("tzdata")
                || parts.choice.packages.iter().any(|name| name == "tzdata")
                || ground.is_some_and(Ground::slim_has_tzdata)
        }
        (_, "MIME types" | "the names of services") if same_base || ground.is_some_and(Ground::alpine) => true,
        (_, "MIME types") => copied(super::system::MIME_TYPES) || installed("media-types") || installed("mime-support"),
        (_, "the names of services") => false,
        _ => true,
    }
}

fn users(parts: &Parts<'_, '_>, laid: &Laid, add: &mut dyn FnMut(bool, Claim)) {
    let user = parts.case.stage.config.user.as_deref().unwrap_or("");
    if matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0") {
        return opened(parts, laid, add);
    }
    let own = |path: &str| {
        let owner = |name: &str| name.split(':').next().unwrap_or_default().to_string();
        let given = |copy: &&super::render::StageCopy| copy.chown.as_deref().map(owner) == Some(owner(user));
        laid.copies.iter().filter(given).any(|copy| super::paths::within(path, &copy.to))
    };
    for (path, _) in parts.needs.writable.iter().filter(|(path, _)| own(path)) {
        if let Some(span) = super::placed::taken_from(parts.case, parts.effects, path, user) {
            let text = format!("{path}, which {user} may write in the new image, is not {user}'s today");
            add(false, Claim::at(text, span));
        }
    }
    // Everybody may write to the /go of the golang images.
    let complete = parts.needs.is_complete()
        && parts.needs.writable.iter().all(|(path, _)| own(path))
        && !parts.needs.writes_somewhere
        && parts.case.workdir != "/go"
        && !closed_to_others(parts, laid);
    // Who owns the working directory and the home is the image's; modules that take paths may write there.
    let complete = complete && (parts.needs.takes_paths.is_empty() || !owns_places(parts, laid));
    let text = format!("user {user} may read what is copied and write where it has to");
    add(complete, Claim::new(text));
}

/// Directories that the file opens to others, though its own user is root: compose, Kubernetes and programs such as su-exec
/// choose another one.
fn opened(parts: &Parts<'_, '_>, laid: &Laid, add: &mut dyn FnMut(bool, Claim)) {
    let work = &parts.case.workdir;
    let kept = |path: &str| laid.copies.iter().any(|copy| copy.to == path && copy.chmod.is_some());
    let copied =
        laid.copies.iter().map(|copy| &copy.to).filter(|path| !shipped(parts.found).any(|built| built.path == **path));
    for path in copied.chain((!laid.copies.iter().any(|copy| copy.to == *work)).then_some(work)) {
        let needs = parts.needs;
        let below = needs.writable.iter().any(|(wanted, _)| super::paths::within(wanted, path));
        let written = below || needs.writes_somewhere || !needs.takes_paths.is_empty();
        let file = parts.case.tree().is_some_and(|tree| tree.is_file(path));
        if let (Some(mode), true, false) =
            (super::modes::opened(parts.case, parts.effects, path), written, kept(path) || file)
        {
            let span = match mode {
                Mode::Lost(span) => Some(span),
                Mode::Given(_) => None,
            };
            let text = format!(
                "nobody but root writes into {path}, which chmod opens to others: the new image has the usual mode there"
            );
            add(false, span.map_or_else(|| Claim::new(text.clone()), |span| Claim::at(text.clone(), span)));
        }
    }
}

/// The file gives the user the working directory or a home, and the final stage does not.
fn owns_places(parts: &Parts<'_, '_>, laid: &Laid) -> bool {
    let case = parts.case;
    let kept = laid.copies.iter().any(|copy| copy.chown.is_some() && copy.to == case.workdir);
    let given = owner_of(&owners(parts.effects), &case.workdir).is_some()
        || case.steps().any(|(_, inst)| inst.transfer().is_some() && inst.flag("chown").is_some());
    let home = parts.effects.iter().any(|effect| matches!(effect.kind, Kind::Account))
        && super::accounts::fresh_home(parts).is_none_or(|home| !laid.copies.iter().any(|copy| copy.to == home));
    (given && !kept) || (home && parts.choice.tier > Tier::SameDistro)
}

/// What is copied may be closed to others than root: it lies below /root, or `umask` or `install` says so.
fn closed_to_others(parts: &Parts<'_, '_>, laid: &Laid) -> bool {
    laid.copies.iter().any(|copy| super::paths::within(&copy.to, "/root"))
        || parts.effects.iter().any(|effect| {
            let private = |mode: &str| mode.ends_with(['0', '1', '2', '3']);
            match effect.cmd.name.text.as_str() {
                "umask" => true,
                "install" => {
                    effect.cmd.flag_value("-m").or(effect.cmd.flag_value("--mode")).is_some_and(|mode| private(&mode))
                }
                _ => false,
            }
        })
}

fn ground(parts: &Parts<'_, '_>, links: &[Link], add: &mut dyn FnMut(bool, Claim)) {
    let tier = parts.choice.tier;
    let Some(ground) = parts.ground else { return };
    if ground.golang && !parts.case.stage.image().is_some_and(super::releases::is_surely_official) {
        let text = format!("{} holds the official golang image as it is", parts.case.base_text());
        add(false, Claim::at(text, parts.case.base_span()));
    }
    let dynamic = links.iter().any(|link| !matches!(link, Link::Static { .. }));
    if (tier > Tier::SameDistro && !dynamic) || !ground.toolchain_image {
        return;
    }
    let release = ground.release.as_deref().unwrap_or("unknown");
    let family = if ground.family == Family::Alpine { "Alpine" } else { "Debian" };
    let text = format!("{} stands on {family} {release}", parts.case.base_text());
    let fixed = ground.pinned && !parts.case.base_text().contains('$');
    add(fixed || !dynamic, Claim::at(text, parts.case.base_span()));
}

pub(super) fn lost(parts: &Parts<'_, '_>, laid: &Laid) -> Vec<String> {
    let mut lost = vec!["the Go toolchain and its caches".to_string()];
    for tool in &parts.found.tools {
        lost.push(format!("{}, which nothing starts", tool.path));
    }
    let tier = parts.choice.tier;
    if tier >= Tier::Distroless {
        lost.push("shell".into());
        lost.push("package manager".into());
        let mut packages: Vec<String> = parts
            .effects
            .iter()
            .filter_map(|effect| match &effect.kind {
                Kind::Install(install) => Some(install.packages.iter().map(|package| package.name.clone())),
                _ => None,
            })
            .flatten()
            .filter(|name| !super::packages::in_static(name))
            .collect();
        packages.sort();
        packages.dedup();
        if !packages.is_empty() {
            lost.push(format!("packages: {}", packages.join(", ")));
        }
    }
    lost.extend(of_system(parts, laid));
    lost.extend(super::left::lost(parts, laid));
    if laid.outline.inside.iter().any(|edit| edit.text.contains("-s")) {
        lost.push("debug information of the program".into());
    }
    lost.extend(laid.credentials.iter().map(|path| format!("{path} (a credential of the build)")));
    let set_again = |name: &String, value: &Option<String>| value.is_some() && environment::is_named(parts, name);
    let of_base = environment::of_old_base(parts).into_iter();
    let mut variables: Vec<String> =
        of_base.filter(|(name, value)| !set_again(name, value)).map(|(name, _)| name).collect();
    if !variables.is_empty() {
        if parts.ground.is_some_and(|ground| ground.golang) {
            variables.push("the directories of Go in PATH".into());
        }
        lost.push(format!("variables of the old base ({})", variables.join(", ")));
    }
    if tier >= Tier::Distroless && parts.case.steps().any(|(_, inst)| matches!(inst.body, Body::Shell(_))) {
        lost.push("SHELL (only shell-form instructions of images on this one use it)".into());
    }
    lost
}

/// What the program sees of the system by the way, and that another base has otherwise.
fn of_system(parts: &Parts<'_, '_>, laid: &Laid) -> Vec<String> {
    let tier = parts.choice.tier;
    let alpine = parts.ground.is_some_and(Ground::alpine);
    let own = |path: &str| laid.copies.iter().any(|copy| copy.to == path);
    let user = parts.case.stage.config.user.as_deref().unwrap_or("");
    let user = user.split(':').next().unwrap_or("");
    let sets_home = parts.case.stage.config.env.iter().any(|(name, _)| name == "HOME");
    let mut lost = Vec::new();
    if tier == Tier::Distroless && alpine && parts.needs.mime_types.is_some() && !own("/etc/mime.types") {
        lost.push(
            "the MIME types of Go alone (the new base has a longer list, in which some files have another type)".into(),
        );
    }
    if tier == Tier::Distroless && alpine && user == "nobody" && !sets_home && !own("/etc/passwd") {
        lost.push("the home / of nobody (it is /nonexistent on the new base)".into());
    }
    if tier == Tier::Scratch && !sets_home && !own("/etc/passwd") && matches!(user, "" | "root" | "0") {
        lost.push("the home /root (without /etc/passwd HOME is /)".into());
    }
    lost
}
