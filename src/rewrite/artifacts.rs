//! Which programs the build leaves in the image, and which of them the image starts.

use std::collections::BTreeMap;

use super::Refusal;
use super::case::Case;
use super::detect::GoCommand;
use super::effects::{Effect, Kind, moves};
use super::entry::{Entry, Named};
use super::paths::{STANDARD_PATH, base_name, join, parent, within};
use super::refuse::refuse;
use super::toolchains::go::{GoKind, Outputs};
use crate::text::Span;

/// A program that a build command made and that is still there at the end.
#[derive(Clone, Debug)]
pub(super) struct Built {
    /// Absolute path in the build stage.
    pub path: String,
    /// Index into the Go commands; `None` for what make or a script made.
    pub build: Option<usize>,
    /// Index into the outputs of that command.
    pub output: usize,
    pub proved: bool,
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
    /// A script of the sources that starts the program, by its absolute path.
    pub script: Option<String>,
    /// Programs that the command names and that nothing here makes: they come from the base or a package.
    pub foreign: Vec<Named>,
    /// Bare names that PATH has to find: name and the built path.
    pub by_path: Vec<(String, String)>,
}

pub(super) fn find(
    case: &Case<'_>,
    entry: &Entry,
    go: &[GoCommand<'_>],
    effects: &[Effect<'_>],
) -> Result<Found, Refusal> {
    let (files, guesses) = survey(case, go, effects);
    let mut found =
        Found { main: Vec::new(), others: Vec::new(), script: None, foreign: Vec::new(), by_path: Vec::new() };
    let path_dirs = path_dirs(case);
    for named in &entry.programs {
        match &named.path {
            Some(path) => match files.get(path) {
                Some(built) => found.main.push(built.clone()),
                None => match guess(&guesses, path, named) {
                    Some(built) => found.main.push(built),
                    None if is_copied(case, path) || written_by_run(effects, path) => found.script = Some(path.clone()),
                    None => found.foreign.push(named.clone()),
                },
            },
            None => {
                let hit = path_dirs.iter().find_map(|dir| files.get(&join(dir, &named.text)));
                let hit = hit
                    .cloned()
                    .or_else(|| path_dirs.iter().find_map(|dir| guess(&guesses, &join(dir, &named.text), named)));
                match hit {
                    Some(built) => {
                        found.by_path.push((named.text.clone(), built.path.clone()));
                        found.main.push(built);
                    }
                    None => {
                        let copied =
                            path_dirs.iter().map(|dir| join(dir, &named.text)).find(|path| is_copied(case, path));
                        match copied {
                            Some(path) => found.script = Some(path),
                            None => found.foreign.push(named.clone()),
                        }
                    }
                }
            }
        }
    }
    if found.main.is_empty() && found.script.is_none() {
        return Err(missing(case, entry, go, &files));
    }
    let used_while_building = |path: &str| {
        let name = base_name(path);
        effects.iter().any(|effect| effect.cmd.name.text == name)
    };
    for built in files.values() {
        let known = found.main.iter().any(|main| main.path == built.path);
        let same = built.build.is_some()
            && found
                .main
                .iter()
                .any(|main| main.build == built.build && main.output == built.output && !within(&built.path, "/usr"));
        if !known && !same && !used_while_building(&built.path) {
            found.others.push(built.clone());
        }
    }
    if found.main.is_empty() && found.others.is_empty() {
        // A script alone, and nothing that it could start.
        return Err(missing(case, entry, go, &files));
    }
    Ok(found)
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
}

#[derive(PartialEq)]
enum GuessPlace {
    In(String),
    /// `-o path`: this file, or one in this directory.
    At(String),
    Anywhere,
}

fn survey(case: &Case<'_>, go: &[GoCommand<'_>], effects: &[Effect<'_>]) -> (BTreeMap<String, Built>, Vec<Guess>) {
    let mut files: BTreeMap<String, Built> = BTreeMap::new();
    let mut guesses = Vec::new();
    for effect in effects {
        let name = effect.cmd.name.text.as_str();
        if let Some(index) = go.iter().position(|known| known.go.span == effect.cmd.span) {
            let Some(command) = go.get(index) else { continue };
            let makes = matches!(command.go.kind, GoKind::Build | GoKind::Install | GoKind::Get);
            match &command.go.outputs {
                Outputs::Files(outputs) if makes => {
                    for (output, file) in outputs.iter().enumerate() {
                        let built = Built {
                            path: file.path.clone(),
                            build: Some(index),
                            output,
                            proved: file.proved && command.go.unsure.is_none(),
                            why: file.why.clone(),
                            span: command.go.span,
                        };
                        if !file.proved {
                            guesses.push(Guess {
                                place: GuessPlace::In(parent(&file.path).to_string()),
                                build: Some(index),
                                why: file.why.clone(),
                                span: command.go.span,
                            });
                        }
                        files.insert(file.path.clone(), built);
                    }
                }
                Outputs::Unknown(why) if makes => guesses.push(Guess {
                    place: unknown_place(case, command),
                    build: Some(index),
                    why: why.clone(),
                    span: command.go.span,
                }),
                _ => {}
            }
            continue;
        }
        match name {
            "mv" | "cp" | "ln" | "install" => {
                for (from, to) in moves(&case.scope(), effect.step, effect.cmd).unwrap_or_default() {
                    let Some(mut built) = files.get(&from).cloned() else { continue };
                    if name == "mv" {
                        files.remove(&from);
                    }
                    built.path = to.clone();
                    files.insert(to, built);
                }
            }
            "rm" => {
                for arg in &effect.cmd.args {
                    if let Some(path) = super::effects::absolute(case, effect.step, effect.cmd, &arg.text) {
                        files.retain(|file, _| !within(file, &path));
                    }
                }
            }
            _ if matches!(effect.kind, Kind::Build) && makes_programs(name) || is_script(case, effect) => {
                guesses.push(Guess {
                    place: GuessPlace::Anywhere,
                    build: None,
                    why: format!("{name} makes it"),
                    span: effect.cmd.span,
                });
            }
            _ => {}
        }
    }
    (files, guesses)
}

fn unknown_place(case: &Case<'_>, command: &GoCommand<'_>) -> GuessPlace {
    if matches!(command.go.kind, GoKind::Install | GoKind::Get) {
        let bin = command.step.env.value("GOBIN").map(str::to_string);
        return GuessPlace::In(bin.unwrap_or_else(|| {
            join(command.step.env.value("GOPATH").unwrap_or("/go").split(':').next().unwrap_or("/go"), "bin")
        }));
    }
    match command.cmd.flag_value("-o") {
        Some(out) => match super::effects::absolute(case, command.step, command.cmd, &out) {
            Some(path) => GuessPlace::At(path),
            None => GuessPlace::Anywhere,
        },
        None => command.go.dir.clone().map_or(GuessPlace::Anywhere, GuessPlace::In),
    }
}

fn makes_programs(name: &str) -> bool {
    matches!(name, "make" | "gmake" | "mage" | "task" | "just" | "gox" | "xcaddy" | "gb")
}

fn is_script(case: &Case<'_>, effect: &Effect<'_>) -> bool {
    let written = case.source.slice(effect.cmd.name.span);
    matches!(effect.kind, Kind::Build) && (written.starts_with("./") || written.ends_with(".sh"))
}

/// The command's own word is the only evidence: a build whose output is not known may have made the file it names.
fn guess(guesses: &[Guess], path: &str, named: &Named) -> Option<Built> {
    let dir = parent(path);
    let mut fitting = guesses.iter().filter(|guess| match &guess.place {
        GuessPlace::In(known) => known == dir,
        GuessPlace::At(known) => known == path || known == dir,
        // A bare name is looked up in PATH: only a place that is known can be meant.
        GuessPlace::Anywhere => named.path.is_some(),
    });
    let guess = fitting.next()?;
    if fitting.next().is_some() {
        return None;
    }
    Some(Built {
        path: path.to_string(),
        build: guess.build,
        output: 0,
        proved: false,
        why: format!("the command starts {}, and {}", named.text, guess.why),
        span: guess.span,
    })
}

/// True when a COPY or ADD names the path, or brings a directory that it may lie in.
fn is_copied(case: &Case<'_>, path: &str) -> bool {
    if let Some(tree) = &case.tree
        && tree.is_file(path)
    {
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

fn written_by_run(effects: &[Effect<'_>], path: &str) -> bool {
    effects.iter().any(|effect| match &effect.kind {
        Kind::Write(paths) => paths.iter().any(|written| written == path),
        _ => false,
    })
}

fn missing(case: &Case<'_>, entry: &Entry, go: &[GoCommand<'_>], files: &BTreeMap<String, Built>) -> Refusal {
    let named = entry.programs.first();
    let text = named.map_or("", |named| named.text.as_str());
    let span = named.map_or(entry.span, |named| named.span);
    if let Some(GoCommand { go, .. }) = go.iter().find(|command| matches!(command.go.outputs, Outputs::Fails(_)))
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
            "build the program with RUN go build -o and start it with CMD",
        );
    }
    let made: Vec<&str> = files.keys().map(String::as_str).collect();
    let path = named.and_then(|named| named.path.clone()).unwrap_or_else(|| text.to_string());
    let _ = case;
    refuse(
        "name-mismatch",
        span,
        format!("the image runs {path}, but the build makes {}", made.join(", ")),
        "name the same path in go build -o and in the command",
    )
}
