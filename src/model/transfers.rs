//! What COPY and ADD bring and what RUN mounts, expanded and with absolute paths.

use super::build::Builder;
use super::names;
use super::paths;
use super::{Copied, CopySource, Mount, MountKind, Source, SourceKind, StageId};
use crate::syntax::{Body, Flag, Instruction, Keyword, Word};
use crate::text::Span;

pub fn copied(builder: &Builder<'_>, inst: &Instruction) -> Option<Copied> {
    let transfer = inst.transfer()?;
    let state = &builder.state;
    let from = match inst.flag("from").and_then(|flag| flag.value.as_ref()) {
        Some(name) if inst.keyword == Keyword::Copy => source_named(builder, name),
        _ => Source::Context,
    };
    let sources = transfer
        .sources
        .iter()
        .map(|word| copy_source(builder, &word.text, inst.keyword == Keyword::Add, &from))
        .collect::<Vec<_>>();
    let written = builder.value(&transfer.dest.text);
    let dest = written.as_deref().and_then(|path| absolute(builder, path));
    let ends_as_directory = |path: &str| {
        path.is_empty()
            || path.ends_with('/')
            || path.ends_with("/.")
            || path == "."
            || path == ".."
            || path.ends_with("/..")
            || (state.windows && path.ends_with('\\'))
    };
    let into_dir = sources.len() > 1
        || ends_as_directory(written.as_deref().unwrap_or(&transfer.dest.text))
        || dest.as_deref().is_some_and(|dest| is_directory(builder, dest));
    let parents = inst.flag("parents").is_some_and(is_on);
    Some(Copied { from, sources, dest, into_dir, parents })
}

/// A directory that is surely there: the root, the working directory and those above it, and what every distribution has.
fn is_directory(builder: &Builder<'_>, dest: &str) -> bool {
    const STANDARD: [&str; 10] =
        ["/bin", "/etc", "/home", "/root", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var"];
    let state = &builder.state;
    let above_workdir = state
        .workdir
        .as_deref()
        .is_some_and(|workdir| workdir.strip_prefix(dest).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let distribution = state.facts.as_ref().is_some_and(|facts| facts.shell.is_some());
    dest == "/" || above_workdir || (distribution && !state.windows && STANDARD.contains(&dest))
}

fn is_on(flag: &Flag) -> bool {
    flag.value.as_ref().is_none_or(|value| value.text.eq_ignore_ascii_case("true"))
}

fn absolute(builder: &Builder<'_>, path: &str) -> Option<String> {
    let state = &builder.state;
    if paths::is_absolute(path, state.windows) {
        return Some(paths::join("/", path, state.windows));
    }
    Some(paths::join(state.workdir.as_deref()?, path, state.windows))
}

fn copy_source(builder: &Builder<'_>, word: &str, add: bool, from: &Source) -> CopySource {
    if word.starts_with("<<") {
        return CopySource { kind: SourceKind::Heredoc, path: Some(word.to_string()) };
    }
    let value = builder.value(word);
    let kind = if add { kind_of(value.as_deref().unwrap_or(word)) } else { SourceKind::Path };
    let path = match kind {
        SourceKind::Path => value.map(|path| {
            let rooted = paths::join("/", &path, builder.state.windows);
            match from {
                Source::Context if rooted == "/" => ".".to_string(),
                Source::Context => rooted.trim_start_matches('/').to_string(),
                _ => rooted,
            }
        }),
        _ => value,
    };
    CopySource { kind, path }
}

/// What ADD takes a source for, as BuildKit's util/gitutil and convert_copy.go do.
fn kind_of(source: &str) -> SourceKind {
    let web = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://"));
    let is_git = ["git@", "git://", "ssh://"].iter().any(|prefix| source.starts_with(prefix))
        || web.is_some_and(|rest| rest.split(['#', '?']).next().is_some_and(|path| path.ends_with(".git")));
    if is_git {
        SourceKind::Git
    } else if web.is_some() {
        SourceKind::Url
    } else {
        SourceKind::Path
    }
}

/// The stage or image that `--from=` or `from=` names.
fn source_named(builder: &Builder<'_>, name: &Word) -> Source {
    let text = name.text.as_str();
    let current = builder.model.stages.len().saturating_sub(1);
    if text.is_empty() || text.contains('$') {
        return Source::Unresolved(text.to_string());
    }
    if let Ok(index) = text.parse::<usize>() {
        return if index < current { Source::Stage(StageId(index)) } else { Source::Unresolved(text.to_string()) };
    }
    match builder.stage_named(text) {
        Some(stage) if stage.0 < current => Source::Stage(stage),
        Some(_) => Source::Unresolved(text.to_string()),
        None if builder.names_a_stage(text) => Source::Unresolved(text.to_string()),
        None => match names::reference(text, name.span) {
            Some(reference) => Source::Image(reference),
            None => Source::Unresolved(text.to_string()),
        },
    }
}

pub fn mounts(builder: &Builder<'_>, inst: &Instruction) -> Vec<Mount> {
    if !matches!(inst.body, Body::Run(_)) {
        return Vec::new();
    }
    inst.flags.iter().filter(|flag| flag.name.text == "mount").map(|flag| mount(builder, flag)).collect()
}

fn mount(builder: &Builder<'_>, flag: &Flag) -> Mount {
    let field = |keys: &[&str]| {
        let field =
            flag.fields.iter().rev().find(|field| keys.iter().any(|key| field.key.text.eq_ignore_ascii_case(key)))?;
        Some((field.span, field.value.as_ref().map_or("", |value| value.text.as_str())))
    };
    // Outer `None`: not given. Inner `None`: given, with a variable that has no value.
    let value = |keys: &[&str]| field(keys).map(|(_, text)| builder.value(text));
    let kind = match value(&["type"]) {
        None => MountKind::Bind,
        Some(None) => MountKind::Unknown,
        Some(Some(kind)) => match kind.to_ascii_lowercase().as_str() {
            "bind" => MountKind::Bind,
            "cache" => MountKind::Cache,
            "tmpfs" => MountKind::Tmpfs,
            "secret" => MountKind::Secret,
            "ssh" => MountKind::Ssh,
            _ => MountKind::Unknown,
        },
    };
    let from = match field(&["from"]) {
        Some((span, text)) => source_named(builder, &Word { span: value_span(span, text), text: text.into() }),
        None if kind == MountKind::Bind => Source::Context,
        None => Source::Nothing,
    };
    let source = match value(&["source", "src"]) {
        None => Some("/".to_string()),
        Some(value) => value.map(|path| paths::join("/", &path, false)),
    };
    let given_id = value(&["id"]);
    let target = match value(&["target", "dst", "destination"]) {
        Some(Some(path)) => absolute(builder, &path),
        Some(None) => None,
        None if kind == MountKind::Secret && field(&["env"]).is_none() => {
            let id = given_id.clone().or_else(|| value(&["source", "src"])).flatten();
            id.map(|id| format!("/run/secrets/{}", id.rsplit('/').next().unwrap_or(&id)))
        }
        None => None,
    };
    let id = match given_id {
        Some(id) => id,
        None if kind == MountKind::Cache => target.clone(),
        None if kind == MountKind::Secret => value(&["source", "src"]).flatten(),
        None => None,
    };
    let says = |keys: &[&str]| {
        field(keys).map(|(_, text)| text.is_empty() || text.eq_ignore_ascii_case("true") || text == "1")
    };
    let read_only = match (says(&["readonly", "ro"]), says(&["readwrite", "rw"])) {
        (Some(read_only), _) => read_only,
        (None, Some(writable)) => !writable,
        (None, None) => !matches!(kind, MountKind::Cache | MountKind::Tmpfs),
    };
    Mount { kind, from, source, target, id, read_only }
}

/// The value at the end of a `key=value` field.
fn value_span(field: Span, value: &str) -> Span {
    let start = field.end.saturating_sub(value.len() as u32).max(field.start);
    Span::new(start, field.end)
}
