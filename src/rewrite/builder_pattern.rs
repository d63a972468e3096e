//! The builder pattern from before multi-stage builds: one Dockerfile makes the program, a script copies it out with
//! `docker cp`, and a second Dockerfile copies it in from the build context. The three become one multi-stage file.
//!
//! Whatever the script does beside that, or may do, is a reason to refuse.

use super::Refusal;
use super::paths::base_name;
use super::refuse::refuse;
use crate::model::{self, ModelOptions};
use crate::shell::{Dialect, Script, ShellCommand, parse_text};
use crate::syntax::{self, Body, Dockerfile, Instruction, Item, Transfer};
use crate::text::{Edit, MappedText, SourceFile, Span};

/// The files of the pattern.
pub struct Pattern<'a> {
    pub build: &'a SourceFile,
    pub script: &'a SourceFile,
    /// The Dockerfile of the image that ships; the edits are of it.
    pub ship: &'a SourceFile,
}

/// What becomes of `Pattern::ship`, and what of the script said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub edits: Vec<Edit>,
    pub notes: Vec<String>,
}

/// `docker cp extract:/go/bin/app ./app`
struct Extract {
    inside: String,
    /// Relative to the build context.
    outside: String,
    line: u32,
}

/// `docker build -f file -t tag context`
#[derive(Default)]
struct Build {
    index: usize,
    file: Option<String>,
    tags: Vec<String>,
    context: Option<String>,
}

pub fn merge(pattern: &Pattern<'_>) -> Result<Merged, Refusal> {
    let build = syntax::parse(pattern.build);
    let ship = syntax::parse(pattern.ship);
    let from = single(pattern.build, &build)?;
    let ship_from = single(pattern.ship, &ship)?;
    check_builder(pattern.build, &build)?;
    check_shipped(pattern, &build, &ship, ship_from)?;
    let extracts = read_script(pattern)?;

    let alias = match &from.body {
        Body::From { alias: Some(word), .. } => Some(word.text.to_string()),
        _ => None,
    };
    let name = match &alias {
        Some(name) => name.clone(),
        None => free_name(pattern).ok_or_else(|| no("no name is free for the build stage"))?.to_string(),
    };
    let mut head = pattern.build.text.clone();
    if alias.is_none() {
        let keyword = if from.name.text.chars().all(char::is_lowercase) { "as" } else { "AS" };
        head.insert_str(from.content.end as usize, &format!(" {keyword} {name}"));
    }
    let eol = pattern.ship.line_ending();
    if !head.ends_with('\n') {
        head.push_str(eol);
    }
    head.push_str(eol);
    let mut edits = vec![Edit::insert(0, head)];
    let mut used = vec![false; extracts.len()];
    for (_, inst) in ship.instructions() {
        if let Some(transfer) = inst.transfer() {
            edits.extend(copy_edits(pattern.ship, inst, transfer, &name, &extracts, &mut used)?);
        }
    }
    if let Some((extract, _)) = extracts.iter().zip(&used).find(|(_, used)| !**used) {
        return Err(no(format!(
            "{} copies {} out of the build, and {} does not copy it in",
            at(pattern.script, extract.line),
            extract.outside,
            pattern.ship.path
        )));
    }
    check_result(pattern, &edits)?;
    let notes = extracts.iter().map(|extract| {
        format!("{}: {} comes from {} of the build", at(pattern.script, extract.line), extract.outside, extract.inside)
    });
    Ok(Merged { edits, notes: notes.collect() })
}

fn no(message: impl Into<String>) -> Refusal {
    refuse("builder-pattern", Span::default(), message, "put the two files together by hand")
}

fn at(source: &SourceFile, line: u32) -> String {
    format!("{}:{line}", source.path)
}

fn place(source: &SourceFile, span: Span) -> String {
    at(source, source.line_col(span.start).line)
}

/// The FROM of a file of one stage.
fn single<'f>(source: &SourceFile, file: &'f Dockerfile) -> Result<&'f Instruction, Refusal> {
    if let Some(error) = file.errors.first() {
        return Err(no(format!("{}: {}", place(source, error.span), error.message)));
    }
    let mut all = file.instructions().map(|(_, inst)| inst).filter(|inst| matches!(inst.body, Body::From { .. }));
    match (all.next(), all.next()) {
        (Some(from), None) => Ok(from),
        _ => Err(no(format!("{} does not have exactly one FROM", source.path))),
    }
}

/// COPY --from keeps the owner of a file, while the way over the build context makes everything root's.
fn check_builder(source: &SourceFile, file: &Dockerfile) -> Result<(), Refusal> {
    for (_, inst) in file.instructions() {
        let owned = match &inst.body {
            Body::User(user) => !matches!(user.text.as_str(), "root" | "0" | "root:root" | "0:0"),
            Body::Onbuild(_) => true,
            Body::Run(_) => source.slice(inst.content).contains("chown"),
            _ => inst.flag("chown").is_some(),
        };
        if owned {
            return Err(no(format!(
                "{} may leave the program to another owner than root",
                place(source, inst.content)
            )));
        }
    }
    Ok(())
}

fn check_shipped(
    pattern: &Pattern<'_>,
    build: &Dockerfile,
    ship: &Dockerfile,
    from: &Instruction,
) -> Result<(), Refusal> {
    let path = &pattern.ship.path;
    if ship.escape != build.escape || ship.items.iter().any(|item| matches!(item, Item::Directive(_))) {
        return Err(no(format!("{path} has parser directives, which only hold at the top of a file")));
    }
    if ship.instructions().next().is_some_and(|(_, first)| first.span != from.span) {
        return Err(no(format!("{path} has an ARG before FROM, which only holds before the first FROM of a file")));
    }
    if pattern.ship.slice(from.content).contains('$') {
        return Err(no(format!("the base of {path} depends on a variable")));
    }
    if pattern.ship.text.contains("from=") {
        return Err(no(format!("{path} copies from other images or stages already")));
    }
    let endings = |source: &SourceFile| (source.line_ending(), source.text.starts_with('\u{feff}'));
    if endings(pattern.ship) != endings(pattern.build) || endings(pattern.ship).1 {
        return Err(no("the two files differ in their line endings, or begin with a byte order mark"));
    }
    Ok(())
}

fn free_name(pattern: &Pattern<'_>) -> Option<&'static str> {
    let text = format!("{}\n{}", pattern.build.text, pattern.ship.text).to_lowercase();
    let taken = |name: &str| {
        text.contains(&format!("from={name}")) || text.lines().any(|line| line.split_whitespace().eq(["from", name]))
    };
    ["build", "builder", "compile"].into_iter().find(|name| !taken(name))
}

fn read_script(pattern: &Pattern<'_>) -> Result<Vec<Extract>, Refusal> {
    let source = pattern.script;
    let script = parse(source);
    if let Some(reason) = &script.opaque {
        return Err(no(format!("{} is not fully understood: {reason}", source.path)));
    }
    let builds = builds(source, &script)?;
    let of = |file: &SourceFile| {
        let own = base_name(&file.path).to_string();
        let mut fitting = builds.iter().filter(|build| build.file.as_deref().map_or("Dockerfile", base_name) == own);
        match (fitting.next(), fitting.next()) {
            (Some(build), None) => Ok(build),
            _ => Err(no(format!("{} does not build {own} exactly once", source.path))),
        }
    };
    let (first, last) = (of(pattern.build)?, of(pattern.ship)?);
    for build in [first, last] {
        if build.context.as_deref().map(clean) != Some("") {
            return Err(no(format!("{} builds with another context than its own directory", source.path)));
        }
    }
    let containers = containers(&script, first);
    let mut extracts: Vec<Extract> = Vec::new();
    for (index, cmd) in script.commands.iter().enumerate() {
        let line = source.line_col(cmd.span.start).line;
        let here = at(source, line);
        let words: Vec<&str> = cmd.args.iter().map(|arg| arg.text.as_str()).collect();
        let verb = words.first().copied().unwrap_or("");
        let known = match cmd.name.text.as_str() {
            "docker" if verb == "cp" => {
                if cmd.conditional || cmd.depth > 0 || !(first.index < index && index < last.index) {
                    return Err(no(format!("{here} copies perhaps, or not between the two builds")));
                }
                extracts.push(extract(&here, line, &words, &containers)?);
                true
            }
            "docker" if verb == "run" => !words
                .iter()
                .any(|word| word.starts_with("-v") || word.starts_with("--v") || word.starts_with("--mount")),
            "docker" => matches!(
                verb,
                "build" | "create" | "rm" | "rmi" | "push" | "tag" | "login" | "images" | "ps" | "stop" | "kill"
            ),
            // What comes after the last build changes nothing in the image.
            _ if index > last.index => true,
            "rm" => !words.iter().any(|word| extracts.iter().any(|extract| clean(word) == extract.outside)),
            "" | "echo" | "printf" | "set" | "mkdir" | "exit" | "true" | "export" | "test" | "[" => {
                cmd.redirects.iter().all(|redirect| redirect.target.text.starts_with("/dev/"))
                    || matches!(cmd.name.text.as_str(), "")
            }
            _ => false,
        };
        if !known {
            return Err(no(format!("{here}: what `{}` does to the build is not known", cmd.name.text)));
        }
    }
    let looks = |cmd: &&ShellCommand| {
        matches!(
            cmd.name.text.as_str(),
            "docker" | "date" | "pwd" | "git" | "basename" | "dirname" | "echo" | "cat" | "uname"
        )
    };
    if let Some(cmd) = script.substitutions.iter().find(|cmd| !looks(cmd)) {
        return Err(no(format!("{}: what `{}` does is not known", place(source, cmd.span), cmd.name.text)));
    }
    if extracts.is_empty() {
        return Err(no(format!("{} copies nothing out with docker cp", source.path)));
    }
    Ok(extracts)
}

fn parse(source: &SourceFile) -> Script {
    let mut mapped = MappedText::default();
    mapped.push(source, Span::new(0, source.len()));
    let bash = source.text.lines().next().is_some_and(|line| line.starts_with("#!") && line.contains("bash"));
    parse_text(&mapped, if bash { Dialect::Bash } else { Dialect::Posix })
}

fn builds(source: &SourceFile, script: &Script) -> Result<Vec<Build>, Refusal> {
    let mut all = Vec::new();
    for (index, cmd) in script.commands.iter().enumerate() {
        if cmd.name.text != "docker" || cmd.args.first().is_none_or(|arg| arg.text != "build") {
            continue;
        }
        let unclear = |what: &str| Err(no(format!("{}: {what}", place(source, cmd.span))));
        if cmd.conditional || cmd.depth > 0 || cmd.dir.as_deref() != Some("") {
            return unclear("this build runs perhaps, or in another directory");
        }
        let mut build = Build { index, ..Build::default() };
        let mut words = cmd.args.iter().skip(1).map(|arg| arg.text.as_str());
        while let Some(word) = words.next() {
            let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
            match flag {
                "-t" | "--tag" => build.tags.extend(value.or_else(|| words.next()).map(str::to_string)),
                "-f" | "--file" => build.file = value.or_else(|| words.next()).map(str::to_string),
                "--build-arg" | "--label" | "--network" | "--progress" => {
                    if value.is_none() {
                        words.next();
                    }
                }
                "--no-cache" | "--pull" | "--rm" | "--force-rm" | "-q" | "--quiet" => {}
                _ if word.starts_with('-') => return unclear(&format!("what {word} means here is not known")),
                _ => build.context = Some(word.to_string()),
            }
        }
        all.push(build);
    }
    Ok(all)
}

/// The containers made of the build image; `None` for one whose name only a variable holds.
fn containers(script: &Script, build: &Build) -> Vec<Option<String>> {
    let makes = |cmd: &&ShellCommand| {
        let verb = cmd.args.first().map_or("", |arg| arg.text.as_str());
        cmd.name.text == "docker"
            && matches!(verb, "create" | "run")
            && cmd.args.iter().any(|arg| build.tags.contains(&arg.text))
    };
    let named = script.commands.iter().filter(makes).map(|cmd| cmd.flag_value("--name").map(|name| name.to_string()));
    named.chain(script.substitutions.iter().filter(makes).map(|_| None)).collect()
}

fn extract(here: &str, line: u32, words: &[&str], containers: &[Option<String>]) -> Result<Extract, Refusal> {
    let &[_, from, to] = words else { return Err(no(format!("{here}: docker cp with more than two paths"))) };
    let Some((container, inside)) = from.rsplit_once(':') else {
        return Err(no(format!("{here} copies into a container")));
    };
    let ours = match containers {
        [Some(name)] => name == container,
        [None] => container.starts_with('$') || container.starts_with('`'),
        _ => false,
    };
    if !ours {
        return Err(no(format!("{here}: {container} is not surely the one container of the build image")));
    }
    let plain = |path: &str| !path.contains(['$', '`', '*', '?', '[', ' ', '"', '\'', '\\']);
    if !plain(inside) || !plain(to) || !inside.starts_with('/') || inside.ends_with(['/', '.']) {
        return Err(no(format!("{here}: which file is copied out is not sure")));
    }
    if to.starts_with(['/', '~', '-']) || to.split('/').any(|part| part == "..") {
        return Err(no(format!("{here} copies to a place outside of the build context")));
    }
    let mut outside = clean(to).to_string();
    if outside.is_empty() {
        outside = base_name(inside).to_string();
    } else if to.ends_with('/') {
        outside = format!("{outside}/{}", base_name(inside));
    }
    Ok(Extract { inside: inside.to_string(), outside, line })
}

/// `./bin/app`, `/bin/app` (of the context) -> `bin/app`; the context itself is empty.
fn clean(path: &str) -> &str {
    let path = path.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    if path == "." { "" } else { path }
}

fn copy_edits(
    source: &SourceFile,
    inst: &Instruction,
    transfer: &Transfer,
    name: &str,
    extracts: &[Extract],
    used: &mut [bool],
) -> Result<Vec<Edit>, Refusal> {
    let here = place(source, inst.content);
    for word in &transfer.sources {
        let path = clean(&word.text);
        let holds = |extract: &Extract| {
            path.is_empty() || path.contains(['*', '?', '[', '$']) || extract.outside.starts_with(&format!("{path}/"))
        };
        if let Some(extract) = extracts.iter().find(|extract| extract.outside != path && holds(extract)) {
            let text = format!("{here} brings {} together with other files of the context", extract.outside);
            return Err(no(text));
        }
    }
    let hit = extracts.iter().enumerate().find_map(|(index, extract)| {
        Some((index, extract, transfer.sources.iter().find(|word| clean(&word.text) == extract.outside)?))
    });
    let Some((index, extract, word)) = hit else { return Ok(Vec::new()) };
    if transfer.sources.len() != 1 || transfer.json {
        return Err(no(format!("{here} copies several files, or has the JSON form")));
    }
    let (new, old) = (base_name(&extract.inside), base_name(&extract.outside));
    let packed = [".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst"].iter().any(|end| old.ends_with(end));
    if matches!(inst.body, Body::Add(_)) && packed {
        return Err(no(format!("{here} unpacks what it copies")));
    }
    let dest = transfer.dest.text.as_str();
    let mut edits = Vec::new();
    if let Some(flag) = inst.flags.iter().find(|flag| !matches!(flag.name.text.as_str(), "chown" | "chmod" | "link")) {
        return Err(no(format!("{here}: --{} has another meaning between stages", flag.name.text)));
    }
    if new != old {
        // A directory would get the file under its name in the builder.
        if dest.ends_with('/') || dest == "." {
            let to = format!("{}/{old}", if dest == "/" { "" } else { dest.trim_end_matches('/') });
            edits.push(Edit::replace(transfer.dest.span, to));
        } else if base_name(dest) != old {
            return Err(no(format!("{here}: whether {dest} is a file or a directory is not sure")));
        }
    }
    if let Some(slot) = used.get_mut(index) {
        *slot = true;
    }
    let keyword = if inst.name.text.chars().all(char::is_lowercase) { "copy" } else { "COPY" };
    edits.push(Edit::replace(inst.name.span, format!("{keyword} --from={name}")));
    edits.push(Edit::replace(word.span, extract.inside.clone()));
    Ok(edits)
}

/// The result has two stages, and its image the config that it had.
fn check_result(pattern: &Pattern<'_>, edits: &[Edit]) -> Result<(), Refusal> {
    let broken = || refuse("not-verified", Span::default(), "the two files do not go together", "please report them");
    let after = pattern.ship.apply(edits).ok_or_else(broken)?;
    let read = |source: &SourceFile| {
        let file = syntax::parse(source);
        let model = model::build(source, &file, &ModelOptions::default());
        (file.errors.first().map(|error| error.message.clone()), model)
    };
    let ((_, old), (error, new)) = (read(pattern.ship), read(&after));
    // The ids of instructions count from the top of the file, and so are others.
    let config = |model: &model::Model| {
        let mut config = model.stages.last()?.config.clone();
        for command in [&mut config.entrypoint, &mut config.cmd, &mut config.healthcheck].into_iter().flatten() {
            command.inst = None;
        }
        Some(config)
    };
    let differs = config(&old) != config(&new);
    match error {
        None if new.stages.len() == 2 && !differs => Ok(()),
        error => Err(Refusal {
            message: format!("the result is not sound: {}", error.unwrap_or_else(|| "its config differs".into())),
            ..broken()
        }),
    }
}
