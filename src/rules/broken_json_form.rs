//! CMD, ENTRYPOINT or RUN that was meant as exec form.

use super::support::exec_form::{looks_like_json, looks_like_json_of_run, quoted, why_no_json};
use super::support::instructions::steps;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Command};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "broken-json-form",
    aliases: &[],
    summary: "a command looks like JSON and is none, so a shell runs its brackets",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/broken-json-form.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, step, instruction) in steps(cx) {
        let (strict, span) = match &instruction.body {
            // `[ "$a" = b ]` is a command of the shell.
            Body::Run(Command::Shell(span)) => (true, span),
            Body::Cmd(Command::Shell(span)) | Body::Entrypoint(Command::Shell(span)) => (false, span),
            _ => continue,
        };
        let text = cx.source.slice(*span).trim();
        let meant = if strict { looks_like_json_of_run(text) } else { looks_like_json(text) };
        if !meant || !instruction.heredocs.is_empty() {
            continue;
        }
        let name = instruction.name.text.to_ascii_uppercase();
        let why = why_no_json(text);
        let message = format!("this is no JSON, since {why}: the shell is given the text, brackets and all");
        let found = Diagnostic::at(instruction.content, message)
            .help(format!("write {name} [\"program\", \"argument\"], with double quotes and commas"));
        let plain = instruction.comments.is_empty() && !step.onbuild;
        out.push(match words(text).filter(|_| plain) {
            Some(words) => {
                let json = format!("[{}]", words.join(", "));
                found.fix(Applicability::Unsafe, "Write it as JSON", vec![Edit::replace(*span, json)])
            }
            None => found,
        });
    }
}

/// The words of a list in any quotes, as JSON strings; commas may be missing. `None` for anything else.
fn words(text: &str) -> Option<Vec<String>> {
    let mut rest = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let open = rest.chars().next()?;
        let close = match open {
            '"' | '\'' => open,
            '\u{201c}' | '\u{201d}' => '\u{201d}',
            '\u{2018}' | '\u{2019}' => '\u{2019}',
            _ => return None,
        };
        let inner = rest.get(open.len_utf8()..)?;
        let end = inner.find(close)?;
        let word = inner.get(..end)?;
        if word.contains(['\\', '\n']) {
            return None;
        }
        words.push(quoted(word)?);
        rest = inner.get(end + close.len_utf8()..)?.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use crate::lint;
    use crate::settings::{Profile, Settings};
    use crate::text::SourceFile;

    #[test]
    fn shellcheck_is_silent_where_json_was_meant() {
        let found = |profile| {
            let settings = Settings { profile, ..Settings::default() };
            let source = SourceFile::new("Dockerfile", "FROM debian:13\nRUN ['echo', 'hi']\n");
            let checked = lint::check(source, None, &settings);
            let codes: Vec<&str> = checked.diagnostics.iter().map(|found| found.rule).collect();
            let fixes = checked.diagnostics.iter().filter(|found| found.rule.starts_with("SC") && found.fix.is_some());
            (codes.join(" "), fixes.count())
        };
        let (codes, _) = found(Profile::Default);
        assert!(codes.contains("broken-json-form") && !codes.contains("SC"), "{codes}");
        let (codes, fixes) = found(Profile::Hadolint);
        assert!(codes.contains("SC1035") && fixes == 0, "{codes} {fixes}");
    }
}
