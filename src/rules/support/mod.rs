//! What several rules ask of the model, and how an edit of a RUN is written. No rule uses another rule.

pub mod answers;
pub mod caches;
pub mod calls;
pub mod downloads;
pub mod effects;
pub mod ended;
pub mod exec_form;
pub mod go;
pub mod instructions;
pub mod known;
pub mod labels;
pub mod merge;
pub mod names;
pub mod pins;
pub mod stages;

use super::Context;
use crate::model::{Base, Model, MountKind, Stage, Step};
use crate::shell::{Dialect, Joiner, Script, ShellCommand, ShellWord};
use crate::syntax::{Body, Command, Instruction};
use crate::text::Span;

/// The layers of the stage are part of an image that ships: it ships, or a stage that builds on it does.
pub fn layers_ship(model: &Model, stage: &Stage) -> bool {
    // A stage is only ever built on by later ones, so this ends.
    stage.ships
        || stage
            .children
            .iter()
            .filter(|child| **child > stage.id)
            .filter_map(|child| model.stage(*child))
            .any(|child| layers_ship(model, child))
}

/// A RUN of the stage with its script.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub stage: &'a Stage,
    /// Index into `stage.steps`.
    pub index: usize,
    pub step: &'a Step,
    pub instruction: &'a Instruction,
    pub script: &'a Script,
}

/// Every RUN of the stage whose shell text can be read.
pub fn runs<'a>(cx: &'a Context<'_>, stage: &'a Stage) -> impl Iterator<Item = Run<'a>> {
    stage.steps.iter().enumerate().filter_map(move |(index, step)| {
        let instruction = cx.dockerfile.get(step.inst)?;
        let script = step.script.as_ref()?;
        (is_run(instruction) && !step.onbuild).then_some(Run { stage, index, step, instruction, script })
    })
}

/// Every RUN whose layer ships; one behind ONBUILD makes a layer of the image that builds on this one.
pub fn shipping_runs<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = Run<'a>> {
    calls::all_runs(cx).filter(|run| layers_ship(cx.model, run.stage))
}

impl Run<'_> {
    /// Fixes may edit the text: a shell form in a Bourne shell that is fully understood. What stands behind ONBUILD is
    /// part of the image config.
    pub fn editable(&self) -> bool {
        let shell_form = matches!(self.instruction.body, Body::Run(Command::Shell(_)));
        let bourne = matches!(self.script.dialect, Dialect::Posix | Dialect::Bash);
        shell_form && bourne && self.script.opaque.is_none() && !self.step.onbuild
    }

    /// A mount without its bytes in the layer covers the path.
    pub fn mounted(&self, path: &str) -> bool {
        self.step.mounts.iter().any(|mount| {
            matches!(mount.kind, MountKind::Cache | MountKind::Tmpfs | MountKind::Bind)
                && mount.target.as_deref().is_some_and(|target| inside(path, target))
        })
    }

    /// The shell that SHELL names stops at the first failure.
    pub fn shell_has_errexit(&self) -> bool {
        self.step
            .shell
            .words
            .iter()
            .any(|word| word == "errexit" || (word.starts_with('-') && !word.starts_with("--") && word.contains('e')))
    }

    /// The script says itself that it stops at the first failure.
    pub fn script_has_errexit(&self) -> bool {
        self.script.options.iter().any(|option| option == "errexit")
    }

    pub fn is_root(&self) -> bool {
        is_root(self.step)
    }

    /// The command that follows at any depth.
    pub fn next(&self, index: usize) -> Option<&ShellCommand> {
        self.script.commands.get(index + 1)
    }
}

/// `path` is `dir` or stands below it.
pub fn inside(path: &str, dir: &str) -> bool {
    let dir = dir.trim_end_matches('/');
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The word with the variables of the step put in; `None` where one is not known or a substitution stands in it.
pub fn expanded(step: &Step, word: &ShellWord) -> Option<String> {
    if word.literal || !word.text.contains(['$', '`']) {
        return Some(word.text.clone());
    }
    if word.text.contains("$(") || word.text.contains('`') {
        return None;
    }
    crate::model::expand(&word.text, '\\', &step.env).ok()
}

/// The absolute path that a word of a command names; wildcards stay.
pub fn absolute(step: &Step, cmd: &ShellCommand, word: &ShellWord) -> Option<String> {
    let text = expanded(step, word)?;
    let text = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", home(step)?),
        _ => text,
    };
    if text.starts_with('/') {
        return Some(normal(&text));
    }
    Some(normal(&format!("{}/{text}", directory(step, cmd)?)))
}

/// The directory that the command works in.
pub fn directory(step: &Step, cmd: &ShellCommand) -> Option<String> {
    let dir = cmd.dir.as_deref()?;
    if dir.starts_with('/') {
        return Some(normal(dir));
    }
    Some(normal(&format!("{}/{dir}", step.workdir.as_deref()?)))
}

fn home(step: &Step) -> Option<String> {
    if let Some(variable) = step.env.get("HOME") {
        return variable.value.clone();
    }
    is_root(step).then(|| "/root".to_string())
}

/// Nothing says that the step runs as somebody else.
fn is_root(step: &Step) -> bool {
    matches!(step.user.as_deref(), None | Some("root" | "0" | "0:0" | "root:root"))
}

/// The path without `.`, `..` and doubled slashes.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// True when a command may be put with `&&` behind this one: it runs surely, at the top, and nothing is piped.
pub fn can_append(cx: &Context<'_>, run: &Run<'_>, index: usize) -> bool {
    let Some(cmd) = run.script.commands.get(index) else { return false };
    let sure = run.editable() && cmd.depth == 0 && !cmd.conditional && !cmd.opaque && !cmd.negated;
    let piped = run.next(index).is_some_and(|next| matches!(next.joiner, Joiner::Pipe | Joiner::Background));
    let heredoc = cmd.redirects.iter().any(|redirect| redirect.body.is_some());
    let plain = follows_plainly(cx, run, cmd) && !ends_in_backslash(cx, cmd.span.end);
    sure && !piped && !heredoc && cmd.outer_redirects.is_empty() && plain
}

/// With another escape character a backslash at the very end is text; with anything behind it would quote that.
pub fn ends_in_backslash(cx: &Context<'_>, at: u32) -> bool {
    let before = cx.source.slice(Span::new(0, at));
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
}

/// What stands behind the command is an end, a comment or a joiner that `&&` may stand before.
fn follows_plainly(cx: &Context<'_>, run: &Run<'_>, cmd: &ShellCommand) -> bool {
    let end = run.instruction.content.end.max(cmd.span.end);
    let blank = |c: char| c.is_whitespace() || c == cx.dockerfile.escape;
    let rest = cx.source.slice(Span::new(cmd.span.end, end)).trim_start_matches(blank);
    rest.is_empty()
        || ["&&", "||", ";", "#"].iter().any(|start| rest.starts_with(start))
        || !run.instruction.heredocs.is_empty()
}

/// How an instruction of several lines joins its commands.
pub enum Style {
    /// `&&` begins a line, with this indentation.
    Leading(String),
    /// `&&` ends a line; the next one has this indentation.
    Trailing(String),
}

/// The style of an instruction that has several lines; `None` when nothing in it tells.
pub fn style(cx: &Context<'_>, instruction: &Instruction) -> Option<Style> {
    let source = cx.source;
    let (first, last) = lines(cx, instruction);
    let line = |number: usize| source.slice(source.line_span(number)).trim_end_matches(['\r', '\n']);
    let mut trailing = None;
    for number in first..=last {
        let text = line(number);
        if number > first && text.trim_start().starts_with("&&") {
            return Some(Style::Leading(indent(text)));
        }
        let before = text.trim_end().strip_suffix(cx.dockerfile.escape).map(str::trim_end);
        if trailing.is_none() && number < last && before.is_some_and(|text| text.ends_with("&&")) {
            // A comment line may stand at the margin whatever the commands do.
            let next = (number + 1..=last).map(line).find(|text| !text.trim_start().starts_with('#'));
            trailing = next.map(|text| Style::Trailing(indent(text)));
        }
    }
    trailing
}

fn lines(cx: &Context<'_>, instruction: &Instruction) -> (usize, usize) {
    let first = cx.source.line_of(instruction.content.start);
    (first, cx.source.line_of(instruction.args.end.max(instruction.args.start)))
}

fn indent(line: &str) -> String {
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

/// The text that puts `command` behind the one that ends at `at`, in the style of the instruction.
pub fn chained(cx: &Context<'_>, instruction: &Instruction, at: u32, command: &str) -> String {
    let (first, last) = lines(cx, instruction);
    if first == last || !instruction.heredocs.is_empty() {
        return format!(" && {command}");
    }
    let (escape, eol) = (cx.dockerfile.escape, cx.source.line_ending());
    match style(cx, instruction) {
        Some(Style::Trailing(indent)) => format!(" && {escape}{eol}{indent}{command}"),
        Some(Style::Leading(indent)) => format!(" {escape}{eol}{indent}&& {command}"),
        None => {
            let here = cx.source.line_of(at);
            let line = cx.source.slice(cx.source.line_span(if here > first { here } else { first + 1 }));
            format!(" {escape}{eol}{}&& {command}", indent(line))
        }
    }
}

/// The stage and those that it stands on, the lowest first.
pub fn chain<'a>(cx: &'a Context<'_>, stage: &Stage) -> Vec<&'a Stage> {
    let mut found: Vec<&Stage> = cx.model.stage(stage.id).into_iter().collect();
    while let Some(Base::Stage(id)) = found.last().map(|last| &last.base) {
        match cx.model.stage(*id).filter(|below| found.last().is_some_and(|last| below.id < last.id)) {
            Some(below) => found.push(below),
            None => break,
        }
    }
    found.reverse();
    found
}

/// The base is of a release whose pip (before 6) or apk (before 2.6) has no cache to leave and no flag against it.
pub fn too_old_for_flag(cx: &Context<'_>, stage: &Stage) -> bool {
    let Some(image) = cx.model.chain(stage.id).last().and_then(|lowest| lowest.image()) else { return false };
    let Some(tag) = image.tag.as_ref().map(|tag| tag.text.to_ascii_lowercase()) else { return false };
    let first = tag.split(['-', '.']).next().unwrap_or(&tag);
    let name = image.name();
    match name.rsplit('/').next().unwrap_or(&name) {
        "debian" => matches!(first, "6" | "7" | "8" | "squeeze" | "wheezy" | "jessie"),
        "ubuntu" => matches!(first, "10" | "12" | "14" | "lucid" | "precise" | "trusty"),
        "alpine" => {
            first == "2" || ["3.0", "3.1", "3.2"].iter().any(|old| tag == *old || tag.starts_with(&format!("{old}.")))
        }
        _ => false,
    }
}

pub fn is_run(instruction: &Instruction) -> bool {
    matches!(instruction.body, Body::Run(_))
}

/// The keyword of the FROM that begins the stage, for findings about the whole stage.
pub fn from_span(cx: &Context<'_>, stage: &Stage) -> Span {
    cx.dockerfile.get(stage.from).map_or(Span::default(), |from| from.content)
}
