//! The result is parsed and modelled again: whatever is not as promised makes the plan a refusal, never a wrong file.

use super::Refusal;
use super::case::Case;
use super::environment::is_build_only;
use super::layout::{Laid, Parts};
use super::refuse::refuse;
use super::render::{Line, Outline};
use crate::model::{self, Base, ConfigCommand, ImageConfig, ModelOptions};
use crate::size::Weight;
use crate::syntax::{self, Body, Command, InstId};
use crate::text::{Edit, SourceFile};

/// The instructions that stay in the build stage.
pub(super) fn kept(case: &Case<'_>, outline: &Outline) -> Vec<InstId> {
    let moved = |id: &InstId| outline.lines.iter().any(|line| matches!(line, Line::Move { inst, .. } if inst == id));
    case.file.instructions().map(|(id, _)| id).filter(|id| !moved(id)).collect()
}

/// What the final stage installs, when the result is right.
pub(super) fn verify(parts: &Parts<'_, '_>, laid: &Laid, edits: &[Edit]) -> Result<Weight, Refusal> {
    let case = parts.case;
    match check(parts, laid, edits) {
        Ok(installed) => Ok(installed),
        Err(problem) => Err(refuse(
            "not-verified",
            case.base_span(),
            format!("the rewritten file did not pass its own check: {problem}"),
            "please report this file; nothing was written",
        )),
    }
}

fn check(parts: &Parts<'_, '_>, laid: &Laid, edits: &[Edit]) -> Result<Weight, String> {
    let case = parts.case;
    let after = case.source.apply(edits).ok_or("its edits overlap")?;
    let file = syntax::parse(&after);
    if let Some(error) = file.errors.first() {
        return Err(format!("line {}: {}", after.line_col(error.span.start).line, error.message));
    }
    let model = model::build(&after, &file, &ModelOptions::default());
    if invalid_bytes(case.source) != invalid_bytes(&after) {
        return Err("bytes that are not UTF-8 would be lost".into());
    }
    let (build, last) = match (model.stages.as_slice(), &laid.outline.debug) {
        ([build, last], None) => (build, last),
        ([build, ship, _, last], Some(_)) if ship.steps.iter().any(|step| step.copied.is_some()) => {
            // The stage that ships is empty and stands on the one that was checked.
            let same = matches!(&last.base, Base::Stage(id) if model.stages.get(id.0).is_some_and(|base| base.from == ship.from));
            if !last.steps.is_empty() || !same {
                return Err("the debug stage changes the image that ships".into());
            }
            same_config(parts, &case.stage.config, &last.config)?;
            (build, ship)
        }
        _ => return Err("it has not the stages that it should have".into()),
    };
    same_instructions(case, &laid.outline, &after)?;
    same_comments(case, &after)?;
    // An edit in a RUN that is JSON would make shell text of it.
    let exec = |command: Option<&Command>| matches!(command, Some(Command::Exec { .. }));
    let forms = |steps: &[model::Step], file: &syntax::Dockerfile| {
        let runs = steps.iter().filter_map(|step| file.get(step.inst));
        runs.filter(|inst| matches!(inst.body, Body::Run(_))).map(|inst| exec(inst.command())).collect::<Vec<_>>()
    };
    let (old, new) = (forms(&case.stage.steps, case.file), forms(&build.steps, &file));
    if !new.starts_with(&old) {
        return Err("a RUN in exec form has become shell text".into());
    }
    for copy in &laid.copies {
        let home = || super::accounts::fresh_home(parts).as_ref() == Some(&copy.from);
        let known = is_made(parts, &copy.from) || home();
        if !known {
            return Err(format!("{} is copied, and nothing makes it", copy.from));
        }
        if super::symlinks::leads_nowhere(&parts.image(), &copy.from) {
            return Err(format!("{} is copied, a link that leads nowhere", copy.from));
        }
    }
    let name = build.name.as_ref().map(|word| word.text.as_str());
    for step in &last.steps {
        let Some(inst) = file.get(step.inst) else { continue };
        if let Some(from) = inst.flag("from").and_then(|flag| flag.value.as_ref())
            && Some(from.text.as_str()) != name
            && !case.steps().any(|(_, own)| case.source.slice(own.content) == after.slice(inst.content))
        {
            return Err(format!("it copies from {}", from.text));
        }
    }
    same_config(parts, &case.stage.config, &last.config)?;
    // A second run has nothing to do.
    match super::detect::single_stage(&after, &file, &model) {
        Err(refusal) if refusal.reason == "already-multi-stage" => {
            Ok(super::cost::layers(&after, &file, &model, last, case.context))
        }
        _ => Err("it would be rewritten again".into()),
    }
}

/// How many bytes are not UTF-8: a moved one would be replaced.
fn invalid_bytes(source: &SourceFile) -> usize {
    match source.first_invalid() {
        None => 0,
        Some(_) => source.all_bytes().iter().zip(source.text.as_bytes()).filter(|(file, text)| file != text).count(),
    }
}

/// What stays in the builder is what stood there, but for the insertions that the plan lists.
fn same_instructions(case: &Case<'_>, outline: &Outline, after: &SourceFile) -> Result<(), String> {
    let mut at = 0;
    let text = after.text.as_str();
    for id in kept(case, outline) {
        let Some(inst) = case.file.get(id) else { continue };
        let span = inst.content;
        let mut want = case.source.slice(span).to_string();
        let mut inside: Vec<&Edit> = outline.inside.iter().filter(|edit| span.contains(edit.span)).collect();
        inside.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        for edit in inside {
            let range = (edit.span.start - span.start) as usize..(edit.span.end - span.start) as usize;
            if want.get(range.clone()).is_some() {
                want.replace_range(range, &edit.text);
            }
        }
        let found =
            text.get(at..).and_then(|rest| rest.find(&want)).ok_or("an instruction of the builder has changed")?;
        at += found + want.len();
    }
    Ok(())
}

fn same_comments(case: &Case<'_>, after: &SourceFile) -> Result<(), String> {
    for item in &case.file.items {
        if let syntax::Item::Comment(span) = item {
            let text = case.source.slice(*span).trim();
            if !after.text.contains(text) {
                return Err("a comment was lost".into());
            }
        }
    }
    Ok(())
}

/// Something in the file or in the base makes the path.
fn is_made(parts: &Parts<'_, '_>, path: &str) -> bool {
    const OF_THE_BASE: &[&str] = &[
        "/etc/ssl/certs/ca-certificates.crt",
        "/usr/local/go/lib/time/zoneinfo.zip",
        "/tmp",
        "/etc/passwd",
        "/etc/group",
        "/go",
        super::system::MIME_TYPES,
    ];
    OF_THE_BASE.contains(&path) && !super::placed::is_gone(parts.case, parts.effects, path)
        || super::needs::shipped(parts.found).any(|built| super::paths::within(&built.path, path))
        || parts.choice.fetched.iter().any(|found| found.path == path)
        || super::layout::is_there(parts, path)
        || super::placed::fills(parts.case, parts.effects, path)
}

/// The config is the old one but for what the plan explains.
fn same_config(parts: &Parts<'_, '_>, before: &ImageConfig, after: &ImageConfig) -> Result<(), String> {
    let argv = |command: &Option<ConfigCommand>| command.as_ref().map(|command| command.argv.clone());
    let changed = parts.entry.exec_form.as_ref();
    for (name, old, new) in [("ENTRYPOINT", &before.entrypoint, &after.entrypoint), ("CMD", &before.cmd, &after.cmd)] {
        let exec = changed.filter(|(id, _)| old.as_ref().is_some_and(|command| command.inst == Some(*id)));
        let want = match exec {
            Some((_, words)) => Some(words.clone()),
            // A command of the old base only counts when nothing of the file replaces it.
            None if old.as_ref().is_some_and(|command| command.inst.is_none()) => continue,
            None => argv(old),
        };
        if want != argv(new) {
            return Err(format!("{name} has changed"));
        }
    }
    let exec = parts.health_exec();
    let exec = exec.filter(|(id, _)| before.healthcheck.as_ref().is_some_and(|check| check.inst == Some(*id)));
    let old = exec.map(|(_, words)| words).or(before.healthcheck.as_ref().map(|check| &check.argv));
    if old != after.healthcheck.as_ref().map(|check| &check.argv) {
        return Err("HEALTHCHECK has changed".into());
    }
    let user = |config: &ImageConfig| match config.user.as_deref() {
        None | Some("" | "root" | "0" | "0:0" | "root:root") => "root".to_string(),
        Some(user) => user.to_string(),
    };
    if user(before) != user(after) {
        return Err("USER has changed".into());
    }
    let workdir =
        |config: &ImageConfig| config.working_dir.clone().filter(|dir| !dir.is_empty()).unwrap_or_else(|| "/".into());
    if workdir(before) != workdir(after) {
        return Err(format!("the working directory has changed from {} to {}", workdir(before), workdir(after)));
    }
    if before.exposed_ports != after.exposed_ports || before.volumes != after.volumes {
        return Err("EXPOSE or VOLUME has changed".into());
    }
    if before.labels != after.labels || before.stop_signal != after.stop_signal {
        return Err("LABEL or STOPSIGNAL has changed".into());
    }
    for (name, value) in &before.env {
        let set_here = parts.case.steps().any(|(_, inst)| match &inst.body {
            Body::Env(pairs) => pairs.pairs.iter().any(|pair| pair.key.text == *name),
            _ => false,
        });
        if name == "PATH" && set_here {
            let new = after.env.iter().find(|(other, _)| other == name).and_then(|(_, value)| value.as_deref());
            if let (Some(old), Some(new)) = (value.as_deref(), new) {
                super::environment::same_path(old, new)?;
            }
        }
        if !set_here || is_build_only(name) || name == "PATH" {
            continue;
        }
        let new = after.env.iter().find(|(other, _)| other == name);
        if new.is_none_or(|(_, new)| new != value) {
            return Err(format!("ENV {name} has changed"));
        }
    }
    Ok(())
}
