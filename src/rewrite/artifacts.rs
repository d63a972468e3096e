//! Which programs the build leaves in the image, and which of them the image starts.

use std::collections::BTreeMap;

use super::Refusal;
use super::case::Case;
use super::effects::{Effect, Kind, moves};
use super::entry::{Entry, Named, WRAPPERS};
use super::paths::{STANDARD_PATH, base_name, join, parent, within};
use super::refuse::refuse;
use super::toolchains::go::packages::is_imported;
use super::toolchains::go::{GoBuild, GoKind, Outputs};
use crate::shell::ShellCommand;
use crate::text::Span;

/// A program that a build command made and that is still there at the end.
#[derive(Clone, Debug)]
pub(super) struct Built {
    /// Absolute path in the build stage.
    pub path: String,
    /// Index into the Go commands; `None` for what make or a script made.
    pub build: Option<usize>,
    /// Installed from a module of others, by `path@version`.
    pub remote: bool,
    /// Directory of its main package, where it is known.
    pub package_dir: Option<String>,
    /// The link that has to be copied beside it.
    pub link_to: Option<String>,
    pub proved: bool,
    /// The build names this very file, so that a command which starts it proves that it is there.
    pub named: bool,
    pub why: String,
    pub span: Span,
}

/// What the image starts, and what else the build made.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// One for each program that the command names and the build makes; at least one.
    pub main: Vec<Built>,
    /// Other programs that stay in the image.
    pub others: Vec<Built>,
    /// `go install example.com/tool@v1` that no later RUN uses: programs of others, which ship only if something starts them.
    pub tools: Vec<Built>,
    /// A script of the sources that starts the program, by its absolute path.
    pub script: Option<String>,
    /// Programs that the command names and that nothing here makes: they come from the base or a package.
    pub foreign: Vec<Named>,
    /// Bare names that PATH has to find: name and the built path.
    pub by_path: Vec<(String, String)>,
}

pub(super) fn find(case: &Case<'_>, entry: &Entry, effects: &[Effect<'_>]) -> Result<Found, Refusal> {
    let (files, guesses) = survey(case, effects);
    let mut found = Found {
        main: Vec::new(),
        others: Vec::new(),
        tools: Vec::new(),
        script: None,
        foreign: Vec::new(),
        by_path: Vec::new(),
    };
    found.others = named_by_env(case, &files, &guesses)?;
    let path_dirs = path_dirs(case);
    for named in &entry.programs {
        match &named.path {
            Some(path) => match files.get(path) {
                Some(built) => found.main.push(confirmed(built)),
                None => match guess(case, &guesses, path, named).filter(|_| !is_downloaded(case, path)) {
                    Some(built) => found.main.push(built),
                    None if is_wrapper(case, effects, path) => found.foreign.push(named.clone()),
                    None if is_copied(case, path) || written_by_run(effects, path) => found.script = Some(path.clone()),
                    None => found.foreign.push(named.clone()),
                },
            },
            None => {
                let hit = path_dirs.iter().find_map(|dir| files.get(&join(dir, &named.text)));
                let hit = hit
                    .cloned()
                    .or_else(|| path_dirs.iter().find_map(|dir| guess(case, &guesses, &join(dir, &named.text), named)));
                match hit {
                    Some(built) => {
                        found.by_path.push((named.text.clone(), built.path.clone()));
                        found.main.push(confirmed(&built));
                    }
                    None => {
                        let copied =
                            path_dirs.iter().map(|dir| join(dir, &named.text)).find(|path| is_copied(case, path));
                        match copied.filter(|path| !is_wrapper(case, effects, path)) {
                            Some(path) => found.script = Some(path),
                            None => found.foreign.push(named.clone()),
                        }
                    }
                }
            }
        }
    }
    // Debian has the script as a package.
    let waits = |name: &str| {
        name == "wait-for-it"
            && effects.iter().any(|effect| match &effect.kind {
                Kind::Install(install) => install.packages.iter().any(|package| package.name == name),
                _ => false,
            })
    };
    let brought = |named: &Named| {
        let name = base_name(&named.text);
        waits(name) || super::fetched::find(case, effects, name).is_some()
    };
    if found.main.is_empty() && found.script.is_none() && found.foreign.iter().any(brought) {
        // `dockerize -wait tcp://db:5432 /app/main`: a program of others that starts ours.
        for arg in entry.args.iter().filter(|arg| !arg.starts_with('-')) {
            let bare = || path_dirs.iter().find_map(|dir| files.get(&join(dir, arg)));
            let hit = if arg.contains('/') { files.get(&join(&entry.workdir, arg)) } else { bare() };
            if let Some(built) = hit {
                if !arg.contains('/') {
                    found.by_path.push((arg.clone(), built.path.clone()));
                }
                found.main.push(confirmed(built));
            }
        }
    }
    if found.main.is_empty() && found.script.is_none() {
        return Err(missing(case, entry, &files));
    }
    let used_while_building = |path: &str| {
        let name = base_name(path);
        effects.iter().any(|effect| effect.cmd.name.text == name)
    };
    for built in files.values() {
        let known = found.main.iter().any(|main| main.path == built.path);
        let same = built.build.is_some()
            && found.main.iter().any(|main| {
                main.build == built.build && main.package_dir == built.package_dir && !within(&built.path, "/usr")
            });
        // A link is copied as the file that it leads to.
        let linked = found.main.iter().any(|main| main.link_to.as_deref() == Some(built.path.as_str()));
        // What the build itself runs, it may have made for that alone; a script may start it again.
        let only_builds = used_while_building(&built.path) && (built.remote || found.script.is_none());
        if !known && !same && !linked && !only_builds {
            let list = if built.remote && !found.main.is_empty() { &mut found.tools } else { &mut found.others };
            list.push(built.clone());
        }
    }
    if found.main.is_empty() && found.others.is_empty() {
        // A script alone, and nothing that it could start.
        return Err(missing(case, entry, &files));
    }
    Ok(found)
}

/// tini and its like, by the file from elsewhere: what they do is known, and a script of that name is none.
fn is_wrapper(case: &Case<'_>, effects: &[Effect<'_>], path: &str) -> bool {
    let name = base_name(path);
    let fetched = || super::fetched::find(case, effects, name).is_some_and(|found| found.path == path);
    WRAPPERS.contains(&name) && (written_by_run(effects, path) || fetched())
}

/// Two that name the same path: the build and the command of the image.
fn confirmed(built: &Built) -> Built {
    match built.named && !built.proved {
        true => Built { proved: true, why: "the build names it, and the command starts it".into(), ..built.clone() },
        false => built.clone(),
    }
}

/// The directories of PATH at the end of the stage; the golang images' own where it is not known.
fn path_dirs(case: &Case<'_>) -> Vec<String> {
    let config = case.stage.config.env.iter().find(|(name, _)| name == "PATH").and_then(|(_, value)| value.clone());
    let text = config.unwrap_or_else(|| "/go/bin:/usr/local/go/bin".into());
    let mut dirs: Vec<String> = text.split(':').filter(|dir| dir.starts_with('/')).map(str::to_string).collect();
    for dir in STANDARD_PATH.iter().map(|dir| dir.to_string()).chain(["/go/bin".into()]) {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    dirs
}

/// A command that makes a program whose name is not known, and where it would put it.
struct Guess {
    place: GuessPlace,
    build: Option<usize>,
    why: String,
    span: Span,
    only_fetches: bool,
}

#[derive(PartialEq)]
enum GuessPlace {
    In(String),
    /// `-o path`: this file, or one in this directory.
    At(String),
    Anywhere,
}

fn survey(case: &Case<'_>, effects: &[Effect<'_>]) -> (BTreeMap<String, Built>, Vec<Guess>) {
    let mut files: BTreeMap<String, Built> = BTreeMap::new();
    let mut guesses = Vec::new();
    for made in &case.walk.programs {
        let build = case.walk.builds.get(made.build);
        let span = build.map_or(Span::default(), |build| build.span);
        let gets = !made.proved && build.is_some_and(|build| build.kind == GoKind::Get);
        if gets && case.tree().is_some_and(|tree| is_imported(tree, &made.output.package)) {
            continue;
        }
        let built = Built {
            path: made.path.clone(),
            build: Some(made.build),
            remote: made.output.package.contains('@'),
            package_dir: made.output.package_dir.clone(),
            link_to: made.link_to.clone(),
            proved: made.proved,
            named: made.named,
            why: made.output.why.clone(),
            span,
        };
        if !made.output.proved {
            let place = GuessPlace::In(parent(&made.path).to_string());
            guesses.push(Guess { place, build: Some(made.build), why: built.why.clone(), span, only_fetches: false });
        }
        files.insert(made.path.clone(), built);
    }
    for (index, go) in case.walk.builds.iter().enumerate() {
        let makes = matches!(go.kind, GoKind::Build | GoKind::Install | GoKind::Get);
        if let (true, Outputs::Unknown(why)) = (makes, &go.outputs) {
            let effect = effects.iter().find(|effect| effect.cmd.span == go.span);
            let place = effect.map_or(GuessPlace::Anywhere, |effect| unknown_place(case, go, effect));
            let only_fetches = go.kind == GoKind::Get;
            guesses.push(Guess { place, build: Some(index), why: why.clone(), span: go.span, only_fetches });
        }
    }
    for untracked in &case.walk.untracked {
        let effect = effects.iter().find(|effect| effect.cmd.span == untracked.span);
        let made = |effect: &Effect<'_>| {
            makes_programs(&effect.cmd.name.text)
                || is_script(case, effect)
                || files.is_empty() && runs_mage(effect.cmd)
        };
        if effect.is_some_and(made) {
            guesses.push(Guess {
                place: GuessPlace::Anywhere,
                build: None,
                why: format!("{} makes it", untracked.what),
                span: untracked.span,
                only_fetches: false,
            });
        }
    }
    // `go build && mv app /usr/bin/`: the command that moves it names what the build did not.
    for effect in effects.iter().filter(|effect| matches!(effect.cmd.name.text.as_str(), "mv" | "cp" | "install")) {
        for (from, to) in moves(&case.scope(), effect.step, effect.cmd).unwrap_or_default() {
            let from_dir = parent(&from);
            let source = guesses.iter().find(|guess| guess.place == GuessPlace::In(from_dir.to_string()));
            if let (Some(guess), false) = (source, files.contains_key(&from)) {
                let guess = Guess { place: GuessPlace::At(to), why: guess.why.clone(), ..*guess };
                guesses.push(guess);
            }
        }
    }
    (files, guesses)
}

fn unknown_place(case: &Case<'_>, go: &GoBuild, effect: &Effect<'_>) -> GuessPlace {
    if matches!(go.kind, GoKind::Install | GoKind::Get) {
        let bin = effect.step.env.value("GOBIN").map(str::to_string);
        return GuessPlace::In(bin.unwrap_or_else(|| {
            join(effect.step.env.value("GOPATH").unwrap_or("/go").split(':').next().unwrap_or("/go"), "bin")
        }));
    }
    if go.within.is_some() {
        // The command is the one that runs a Makefile or a script.
        return GuessPlace::Anywhere;
    }
    match effect.cmd.flag_value("-o") {
        Some(out) => match super::effects::absolute(case, effect.step, effect.cmd, &out) {
            Some(path) => GuessPlace::At(path),
            None => GuessPlace::Anywhere,
        },
        None => go.dir.clone().map_or(GuessPlace::Anywhere, GuessPlace::In),
    }
}

fn makes_programs(name: &str) -> bool {
    matches!(name, "make" | "gmake" | "mage" | "task" | "just" | "gox" | "xcaddy" | "gb")
}

/// `go run mage.go build`, `go run github.com/magefile/mage build`
fn runs_mage(cmd: &ShellCommand) -> bool {
    let mut words = cmd.args.iter().map(|arg| arg.text.as_str()).filter(|arg| !arg.starts_with('-'));
    let mut program = |word: &str| base_name(word.split('@').next().unwrap_or(word)).trim_end_matches(".go") == "mage";
    cmd.name.text == "go" && words.next() == Some("run") && words.next().is_some_and(&mut program)
}

fn is_script(case: &Case<'_>, effect: &Effect<'_>) -> bool {
    let written = case.source.slice(effect.cmd.name.span);
    matches!(effect.kind, Kind::Build) && (written.starts_with("./") || written.ends_with(".sh"))
}

/// The command's own word is the only evidence: a build whose output is not known may have made the file it names.
fn guess(case: &Case<'_>, guesses: &[Guess], path: &str, named: &Named) -> Option<Built> {
    let dir = parent(path);
    let own = !matches!(case.workdir.as_str(), "/" | "/go") && within(dir, &case.workdir);
    let mut fitting = guesses.iter().filter(|guess| match &guess.place {
        GuessPlace::In(known) => known == dir,
        GuessPlace::At(known) => known == path || known == dir,
        // A bare name is looked up in PATH: only a place that is known can be meant, or one that the file put into it.
        GuessPlace::Anywhere => named.path.is_some() || own,
    });
    // The last build command has the last word; `go get` only fetches since Go 1.18.
    let all: Vec<&Guess> = fitting.by_ref().collect();
    let guess = all.iter().rev().find(|guess| !guess.only_fetches).or(all.last())?;
    Some(Built {
        path: path.to_string(),
        build: guess.build,
        remote: false,
        package_dir: None,
        link_to: None,
        proved: false,
        named: false,
        why: format!("the command starts {}, and {}", named.text, guess.why),
        span: guess.span,
    })
}

/// True when a COPY or ADD names the path, or brings a directory that it may lie in.
fn is_copied(case: &Case<'_>, path: &str) -> bool {
    if case.tree().is_some_and(|tree| tree.is_file(path)) {
        return true;
    }
    case.steps().any(|(step, inst)| {
        let Some(transfer) = inst.transfer() else { return false };
        let Some(workdir) = step.workdir.as_deref() else { return false };
        let dest = join(workdir, &transfer.dest.text);
        if dest == path {
            return true;
        }
        transfer.sources.iter().any(|source| join(&dest, base_name(&source.text)) == path)
            || (case.context.is_none() && path.ends_with(".sh") && within(path, &dest) && dest != "/")
    })
}

/// `ADD https://example.com/tool /usr/bin` brings the file itself: no build made it.
fn is_downloaded(case: &Case<'_>, path: &str) -> bool {
    case.steps().any(|(step, inst)| {
        let (Some(transfer), Some(workdir)) = (inst.transfer(), step.workdir.as_deref()) else { return false };
        let dest = join(workdir, &transfer.dest.text);
        transfer
            .sources
            .iter()
            .any(|source| source.text.contains("://") && (dest == path || join(&dest, base_name(&source.text)) == path))
    })
}

/// `ENV fprocess="/go/bin/handler"`: programs that another one starts by that name, beside those whose place is known.
/// Only `go install` is a reason to believe that such a file is there.
fn named_by_env(case: &Case<'_>, files: &BTreeMap<String, Built>, guesses: &[Guess]) -> Result<Vec<Built>, Refusal> {
    let mut found: Vec<Built> = Vec::new();
    for (name, value) in &case.stage.config.env {
        let Some(value) = value.as_deref().filter(|_| name != "PATH") else { continue };
        for word in value.split([' ', '=', ',', ':', ';']).filter(|word| word.starts_with("/go/bin/")) {
            if files.contains_key(word) || found.iter().any(|built| built.path == word) {
                continue;
            }
            let named = Named { text: word.to_string(), path: None, span: case.base_span() };
            match guess(case, guesses, word, &named) {
                Some(built) => found.push(Built { why: format!("ENV {name} names it"), ..built }),
                None => {
                    return Err(refuse(
                        "name-mismatch",
                        case.base_span(),
                        format!("ENV {name} names {word}, and no command here is known to make it"),
                        "build it with go build -o or go install, or name the path that the build makes",
                    ));
                }
            }
        }
    }
    Ok(found)
}

fn written_by_run(effects: &[Effect<'_>], path: &str) -> bool {
    effects.iter().any(|effect| match &effect.kind {
        Kind::Write(paths) => paths.iter().any(|written| written == path),
        _ => false,
    })
}

fn missing(case: &Case<'_>, entry: &Entry, files: &BTreeMap<String, Built>) -> Refusal {
    let named = entry.programs.first();
    let text = named.map_or("", |named| named.text.as_str());
    let span = named.map_or(entry.span, |named| named.span);
    let failing = case.walk.builds.iter().find(|go| matches!(go.outputs, Outputs::Fails(_)));
    if let Some(go) = failing
        && let Outputs::Fails(reason) = &go.outputs
        && files.is_empty()
    {
        return refuse(
            "ambiguous-output",
            go.span,
            format!("the build would fail: {reason}"),
            "mend the build first; then the rewrite can follow it",
        );
    }
    if files.is_empty() {
        return refuse(
            "no-artifact",
            span,
            format!("no command here makes {text}"),
            match case.context {
                // A Makefile or a script that was not read may well do so.
                None if !case.walk.untracked.is_empty() => {
                    "give the build context with --context, where a Makefile or a script builds the program; or build it with \
                     RUN go build -o and start it with CMD"
                }
                _ => "build the program with RUN go build -o and start it with CMD",
            },
        );
    }
    let made: Vec<&str> = files.keys().map(String::as_str).collect();
    let path = named.and_then(|named| named.path.clone()).unwrap_or_else(|| text.to_string());
    refuse(
        "name-mismatch",
        span,
        format!("the image runs {path}, but the build makes {}", made.join(", ")),
        "name the same path in go build -o and in the command",
    )
}
