//! Instructions one by one: also those that ONBUILD triggers, and those that no stage holds.

use crate::model::{Env, Source, SourceKind, Stage, Step, expand};
use crate::rules::Context;
use crate::shell::{Script, ShellWord};
use crate::syntax::{Body, InstId, Instruction, Word};
use crate::text::{Edit, SourceFile};

/// Every instruction of the file; of ONBUILD the one that it triggers.
pub fn all<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Instruction> {
    cx.dockerfile.instructions().map(|(_, instruction)| triggered(instruction))
}

/// The instruction behind ONBUILD, or itself.
pub fn triggered(instruction: &Instruction) -> &Instruction {
    match &instruction.body {
        Body::Onbuild(inner) => inner,
        _ => instruction,
    }
}

/// Every step of every stage with its instruction; of ONBUILD the one that it triggers.
pub fn steps<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = (&'a Stage, &'a Step, &'a Instruction)> {
    cx.model.stages.iter().flat_map(move |stage| {
        stage.steps.iter().filter_map(move |step| Some((stage, step, triggered(cx.dockerfile.get(step.inst)?))))
    })
}

/// Every file or directory that a COPY or ADD names in the build context, with the word that names it. The path is
/// relative to the context, without slashes at its ends.
pub fn context_paths<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = (&'a str, &'a Word)> {
    steps(cx).flat_map(|(_, step, instruction)| {
        let words = instruction.transfer().map_or(&[][..], |transfer| &transfer.sources);
        let copied = step.copied.as_ref().filter(|copied| copied.from == Source::Context);
        let sources = copied.map_or(&[][..], |copied| &copied.sources);
        sources.iter().zip(words).filter_map(|(source, word)| {
            let path = source.path.as_deref().filter(|_| source.kind == SourceKind::Path)?;
            Some((path.trim_start_matches("./").trim_matches('/'), word))
        })
    })
}

/// The word without quotes and with its variables; `None` where one of them has no known value.
pub fn value(cx: &Context<'_>, env: &Env, word: &Word) -> Option<String> {
    expand(&word.text, cx.dockerfile.escape, env).ok()
}

/// The word without quotes and with its variables; as written where one of them has no known value.
pub fn value_or_written(cx: &Context<'_>, env: &Env, word: &Word) -> String {
    value(cx, env, word).unwrap_or_else(|| word.text.trim_matches(['"', '\'']).to_string())
}

/// Replaces the keyword, as in the case of the one that stands there.
pub fn renamed(instruction: &Instruction, name: &str) -> Edit {
    let lower = instruction.name.text.chars().all(|letter| letter.is_ascii_lowercase());
    let name = if lower { name.to_ascii_lowercase() } else { name.to_ascii_uppercase() };
    Edit::replace(instruction.name.span, name)
}

/// Takes the whole lines of the instruction away; `None` where a comment would go with them.
pub fn removed(instruction: &Instruction) -> Option<Edit> {
    (instruction.comments.is_empty() && instruction.heredocs.is_empty()).then(|| Edit::delete(instruction.span))
}

/// Instructions that people put by mistake into a RUN.
pub const KEYWORDS: &[&str] =
    &["RUN", "COPY", "ADD", "ENV", "WORKDIR", "FROM", "CMD", "ENTRYPOINT", "EXPOSE", "USER", "LABEL"];

/// A keyword that begins a line of a continued RUN and is a word of one of its commands: a backslash at the end of the
/// line before has swallowed the instruction.
pub fn swallowed_keyword<'a>(
    source: &SourceFile,
    instruction: &Instruction,
    script: &'a Script,
) -> Option<&'a ShellWord> {
    if instruction.pieces.len() < 2 || !instruction.heredocs.is_empty() {
        return None;
    }
    script.commands.iter().flat_map(|cmd| &cmd.args).find(|arg| {
        arg.literal
            && KEYWORDS.contains(&arg.text.as_str())
            && source.line_start(source.line_of(arg.span.start)) == Some(arg.span.start)
            && source.slice(arg.span) == arg.text
    })
}

/// A keyword begins a command behind `&& \` at the end of the line before; in small letters too, but for `env`, which is
/// a program.
pub fn keyword_as_command(source: &SourceFile, script: &Script) -> bool {
    script.commands.iter().skip(1).any(|cmd| {
        let name = cmd.name.text.as_str();
        let keyword = name != "env" && KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
        keyword && source.line_start(source.line_of(cmd.span.start)) == Some(cmd.span.start)
    })
}

/// A comment in the text tells a linter what to pass over.
pub fn speaks_to_a_linter(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains('#') && ["ignore", "skip", "check=", "disable=", "global"].iter().any(|word| lower.contains(word))
}

/// The path is absolute, or begins with a variable or a drive letter.
pub fn is_rooted(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']);
    let drive = path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '\\', '$']) || drive
}

/// WORKDIR is set before the instruction, in its stage or in one that it stands on.
pub fn workdir_is_set(cx: &Context<'_>, stage: &Stage, before: InstId) -> bool {
    super::chain(cx, stage).into_iter().any(|below| {
        below.steps.iter().any(|step| {
            (below.id != stage.id || step.inst < before)
                && cx.dockerfile.get(step.inst).is_some_and(|inst| matches!(triggered(inst).body, Body::Workdir(_)))
        })
    })
}
