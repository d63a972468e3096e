//! What a fix must never do: bring a syntax error, bring an error, lose a comment, or change the image config while it
//! claims to be safe.

use std::collections::BTreeMap;

use crate::diagnostic::Severity;
use crate::lint::Checked;
use crate::model::{ConfigCommand, ImageConfig, Stage};
use crate::rewrite::is_build_only;
use crate::syntax::{Dockerfile, Item};
use crate::text::SourceFile;

/// What is worse in `after`; `None` when nothing is. `may_go` are comments that need not be there any more.
pub(super) fn harm(
    before: &Checked,
    after: &Checked,
    all_safe: bool,
    rewrite: bool,
    may_go: &[&str],
) -> Option<String> {
    if let Some(error) = new_syntax_error(before, after) {
        return Some(error);
    }
    if let Some(comment) = lost_comment(before, after, may_go) {
        return Some(format!("it loses the comment `{comment}`"));
    }
    if let Some(error) = new_error(before, after) {
        return Some(error);
    }
    if all_safe {
        return changed_config(before, after, rewrite);
    }
    None
}

fn new_syntax_error(before: &Checked, after: &Checked) -> Option<String> {
    let mut old: BTreeMap<&str, usize> = BTreeMap::new();
    for error in &before.dockerfile.errors {
        *old.entry(&error.message).or_default() += 1;
    }
    for error in &after.dockerfile.errors {
        match old.get_mut(error.message.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => {
                let line = after.source.line_col(error.span.start).line;
                return Some(format!("it brings a syntax error on line {line}: {}", error.message));
            }
        }
    }
    None
}

fn new_error(before: &Checked, after: &Checked) -> Option<String> {
    let mut old: BTreeMap<&str, usize> = BTreeMap::new();
    for diagnostic in before.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
        *old.entry(diagnostic.rule).or_default() += 1;
    }
    for diagnostic in after.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
        match old.get_mut(diagnostic.rule) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return Some(format!("it brings an error of {}: {}", diagnostic.rule, diagnostic.message)),
        }
    }
    None
}

/// Every comment of the file, also those inside continued instructions, must be there afterwards; order may change.
fn lost_comment(before: &Checked, after: &Checked, may_go: &[&str]) -> Option<String> {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for comment in comments(&after.source, &after.dockerfile) {
        *left.entry(comment).or_default() += 1;
    }
    let wanted = comments(&before.source, &before.dockerfile);
    wanted.into_iter().filter(|comment| !may_go.contains(&comment.as_str())).find(|comment| {
        match left.get_mut(comment) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        }
    })
}

fn comments(source: &SourceFile, file: &Dockerfile) -> Vec<String> {
    let mut found = Vec::new();
    for item in &file.items {
        match item {
            // One item may hold several lines.
            Item::Comment(span) => found.extend(source.slice(*span).lines().map(|line| line.trim().to_string())),
            Item::Directive(directive) => found.push(source.slice(directive.span).trim().to_string()),
            Item::Instruction(instruction) => {
                found.extend(instruction.comments.iter().map(|span| source.slice(*span).trim().to_string()));
            }
            Item::Blank(_) => {}
        }
    }
    found
}

fn changed_config(before: &Checked, after: &Checked, rewrite: bool) -> Option<String> {
    let old: Vec<&Stage> = before.model.stages.iter().filter(|stage| stage.ships).collect();
    let new: Vec<&Stage> = after.model.stages.iter().filter(|stage| stage.ships).collect();
    if old.len() != new.len() {
        return Some("it changes which stages ship".to_string());
    }
    for (old, new) in old.into_iter().zip(new) {
        let part = if rewrite { changed_by_rewrite(old, new) } else { changed_part(&old.config, &new.config) };
        if let Some(part) = part {
            return Some(format!("it claims to be safe and changes the image's {part}"));
        }
    }
    None
}

fn changed_part(old: &ImageConfig, new: &ImageConfig) -> Option<&'static str> {
    let argv = |command: &Option<ConfigCommand>| command.as_ref().map(|command| command.argv.clone());
    let parts = [
        ("environment", old.env != new.env),
        ("ENTRYPOINT", argv(&old.entrypoint) != argv(&new.entrypoint)),
        ("CMD", argv(&old.cmd) != argv(&new.cmd)),
        ("user", old.user != new.user),
        ("working directory", old.working_dir != new.working_dir),
        ("exposed ports", old.exposed_ports != new.exposed_ports),
        ("volumes", old.volumes != new.volumes),
        ("labels", old.labels != new.labels),
        ("stop signal", old.stop_signal != new.stop_signal),
        ("health check", argv(&old.healthcheck) != argv(&new.healthcheck)),
        ("ONBUILD triggers", old.onbuild != new.onbuild),
    ];
    parts.into_iter().find(|(_, changed)| *changed).map(|(part, _)| part)
}

/// A rewrite changes the base, so what the base brought (its PATH, its GOPATH, its CMD) may go; what the file itself set
/// must stay. That the command still runs is for the rewriter to prove.
fn changed_by_rewrite(old: &Stage, new: &Stage) -> Option<&'static str> {
    let own = |stage: &Stage| {
        let from_base = |name: &str| {
            stage.facts().is_some_and(|facts| {
                facts.env.iter().any(|(known, _)| known == name) || facts.env_unknown.iter().any(|known| known == name)
            })
        };
        let mut env = stage.config.env.clone();
        // The plan names what only the build reads, and leaves it in the builder.
        env.retain(|(name, _)| !from_base(name) && name != "PATH" && !is_build_only(name));
        env.sort();
        env
    };
    let mut labels = (old.config.labels.clone(), new.config.labels.clone());
    labels.0.sort();
    labels.1.sort();
    let user = |stage: &Stage| stage.config.user.clone().filter(|user| user != "root" && user != "0");
    let parts = [
        ("environment", own(old) != own(new)),
        ("user", user(old).is_some() && user(old) != user(new)),
        ("exposed ports", old.config.exposed_ports != new.config.exposed_ports),
        ("volumes", old.config.volumes != new.config.volumes),
        ("labels", labels.0 != labels.1),
        ("stop signal", old.config.stop_signal != new.config.stop_signal),
    ];
    parts.into_iter().find(|(_, changed)| *changed).map(|(part, _)| part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_may_leave_in_the_builder_what_only_the_build_reads() {
        let checked = |text: &str| crate::lint::check(SourceFile::new("Dockerfile", text), None, &Default::default());
        for (env, kept, want) in [
            ("GOFLAGS=-mod=mod", "", None),
            ("DEBIAN_FRONTEND=noninteractive", "", None),
            ("GOPRIVATE=github.com/acme", "", None),
            ("MODE=a", "ENV MODE=a\n", None),
            ("MODE=a", "", Some("it claims to be safe and changes the image's environment")),
        ] {
            let build = format!("FROM golang:1.22\nENV {env}\nCOPY . .\nRUN go build -o /api .\n");
            let before = checked(&format!("{build}CMD [\"/api\"]\n"));
            let last = format!("\nFROM debian:bookworm-slim\n{kept}COPY --from=build /api /api\nCMD [\"/api\"]\n");
            let after = checked(&(build.replace("1.22", "1.22 AS build") + &last));
            assert_eq!(changed_config(&before, &after, true).as_deref(), want, "{env}");
        }
    }
}
