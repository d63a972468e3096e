//! ShellCheck's findings in RUN, each under its own code.
//!
//! Its codes are rules as far as names, profiles and severities go; but one look at a script finds all of them, so they
//! are checked together.

mod codes;
mod own;
mod shells;

pub use codes::CODES;

use super::support::exec_form::looks_like_json_of_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Fix, FixKind, Severity};
use crate::model::Step;
use crate::settings::Profile;
use crate::shell::shellcheck::{AVAILABLE, Correction, Finding, Linter, Surroundings};
use crate::shell::{CommandText, Dialect, command_text};
use crate::syntax::{Body, Command, Instruction};
use crate::text::{Edit, MappedText};
use shells::Sh;

/// The rule of a code. What it is about stands in ShellCheck's wiki.
const fn code(slug: &'static str, severity: Severity, default: bool) -> Rule {
    Rule {
        slug,
        aliases: &[],
        summary: "a finding of ShellCheck",
        category: match severity {
            Severity::Style => Category::Style,
            Severity::Info | Severity::Warning | Severity::Error => Category::Correctness,
        },
        severity,
        fix: FixAvailability::Sometimes,
        since: "0.1.0",
        default,
        doc: include_str!("../../../rules/shellcheck.md"),
        check: |_, _| {},
    }
}

/// hadolint's list of variables that a builder may set without an ARG.
const PROXIES: [&str; 8] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy"];

/// The number of a code: 2086 of `SC2086`.
pub fn number(slug: &str) -> Option<u32> {
    slug.strip_prefix("SC")?.parse().ok()
}

/// What a code is about, for people.
pub fn about(code: u32) -> Option<String> {
    let own = own::about(code).map(|text| format!("{text}\n"));
    let text = own.or_else(|| crate::shell::shellcheck::about(code))?;
    Some(if AVAILABLE || own::has(code) { text } else { format!("{text}\nThis program was built without it.\n") })
}

/// Every finding of the codes that are on.
pub fn check(cx: &Context<'_>, on: &dyn Fn(&Rule) -> bool, out: &mut Vec<Diagnostic>) {
    let wanted: Vec<&'static Rule> = CODES.iter().copied().filter(|rule| on(rule)).collect();
    let slug = |code: u32| {
        let place = wanted.binary_search_by_key(&Some(code), |rule| number(rule.slug)).ok()?;
        wanted.get(place).map(|rule| rule.slug)
    };
    let mut linter = None;
    for stage in &cx.model.stages {
        for step in &stage.steps {
            let Some(run) = run_of(cx, step) else { continue };
            let Some(command) = run.command() else { continue };
            let Some(script) = &step.script else { continue };
            if wanted.is_empty() || !matches!(script.dialect, Dialect::Posix | Dialect::Bash) {
                continue;
            }
            // The text was meant as JSON, which broken-json-form says; hadolint tells what a shell makes of it.
            let json = matches!(command, Command::Shell(span) if looks_like_json_of_run(cx.source.slice(*span).trim()));
            if json && cx.settings.profile != Profile::Hadolint && on(&super::broken_json_form::RULE) {
                continue;
            }
            let Some(text) = command_text(cx.source, run, command) else { continue };
            let shell = shell_of(step, text.shebang.as_deref());
            let dialect = match &text.shebang {
                Some(_) => script.dialect,
                None => step.shell.dialect,
            };
            let source = cx.source;
            let heredoc = !run.heredocs.is_empty();
            let sh = shells::sh_of(stage, step, text.shebang.as_deref());
            let first = out.len();
            own::check(&own::Subject { source, step, script, text: &text.text, dialect }, &slug, out);
            // Made only for a file with a script to look at.
            let linter = linter.get_or_insert_with(|| Linter::new(|code| slug(code).is_some() && !own::has(code)));
            let shell: Vec<&str> = shell.iter().map(String::as_str).collect();
            let names = step.env.iter().map(|(name, _)| name).chain(PROXIES);
            let variables: Vec<&str> = names.collect();
            let around = Surroundings { shell: &shell, variables: &variables };
            let body = readable(&text);
            let findings = linter.as_mut().map(|linter| linter.findings(&body.text, &around)).unwrap_or_default();
            for finding in findings.into_iter().filter(|finding| !is_for_inner_shell(finding, &body.text)) {
                if let Some(slug) = slug(finding.code) {
                    out.push(diagnostic(slug, finding, &body, heredoc));
                }
            }
            let mut found = out.split_off(first);
            found.retain_mut(|diagnostic| matters(cx, sh, diagnostic));
            if json {
                found.iter_mut().for_each(|diagnostic| diagnostic.fix = None);
            }
            out.append(&mut found);
        }
    }
}

/// A finding that something is not POSIX matters where the image's sh does not know it. hadolint never asks.
fn matters(cx: &Context<'_>, sh: Sh, diagnostic: &mut Diagnostic) -> bool {
    let Some(code) = number(diagnostic.rule).filter(|code| shells::is_about_posix(*code)) else { return true };
    let lacks = sh.lacks(code, cx.source.slice(diagnostic.span));
    if lacks == Some(true) && diagnostic.help.is_none() {
        let shell = "SHELL [\"/bin/bash\", \"-c\"]";
        diagnostic.help = Some(format!("/bin/sh is {} here: write it in plain sh, or set {shell}", sh.name()));
    }
    match lacks {
        _ if cx.settings.profile == Profile::Hadolint => true,
        Some(lacks) => lacks,
        // Where nothing is known, only who asks is told.
        None => cx.settings.select.is_some() || cx.settings.profile != Profile::Default,
    }
}

/// `sh -c 'echo $(date)'`: the quotes keep the text for the inner shell, which is what SC2016 warns of.
fn is_for_inner_shell(finding: &Finding, text: &str) -> bool {
    if finding.code != 2016 {
        return false;
    }
    let before = text.get(..finding.range.start).unwrap_or("").trim_end_matches('\'').trim_end();
    let mut words = before.split([' ', '\t', '\n']).rev().filter(|word| !word.is_empty());
    let flag = words.next().is_some_and(|word| word.starts_with('-') && word.ends_with('c'));
    flag && words
        .take(3)
        .any(|word| matches!(word.rsplit('/').next(), Some("sh" | "bash" | "dash" | "ash" | "ksh" | "su")))
}

/// RUN, also behind ONBUILD.
fn run_of<'a>(cx: &Context<'a>, step: &Step) -> Option<&'a Instruction> {
    let instruction = cx.dockerfile.get(step.inst)?;
    match &instruction.body {
        Body::Run(_) => Some(instruction),
        Body::Onbuild(inner) if matches!(inner.body, Body::Run(_)) => Some(inner),
        _ => None,
    }
}

/// The words that start the shell of a script.
fn shell_of(step: &Step, shebang: Option<&[String]>) -> Vec<String> {
    match shebang {
        Some(words) => words.to_vec(),
        // `# hadolint shell=bash` changes the language and leaves the words.
        None if step.shell.dialect == Dialect::Bash && !step.shell.words.iter().any(|word| word.contains("bash")) => {
            vec!["/bin/bash".to_string(), "-c".to_string()]
        }
        None => step.shell.words.clone(),
    }
}

/// The text as it is looked at. The blanks that indent a continued line are left out behind a blank, since nobody means
/// them; so is a shebang, which goes to the system and not to the shell.
fn readable(text: &CommandText) -> MappedText {
    let text_of = &text.text;
    let whole = text_of.text.as_str();
    let shebang = if text.shebang.is_some() { whole.find('\n').unwrap_or(whole.len()) } else { 0 };
    let mut out = MappedText::default();
    let mut at = shebang;
    for join in text_of.joins().filter(|join| *join > shebang) {
        out.push_mapped(text_of, at..join);
        let behind_blank = whole.get(..join).is_some_and(|before| before.ends_with([' ', '\t']));
        let rest = whole.get(join..).unwrap_or("");
        let blanks = if behind_blank { rest.len() - rest.trim_start_matches([' ', '\t']).len() } else { 0 };
        at = join + blanks;
    }
    out.push_mapped(text_of, at..whole.len());
    out
}

fn diagnostic(slug: &'static str, finding: Finding, text: &MappedText, heredoc: bool) -> Diagnostic {
    let code = finding.code;
    let mut diagnostic = Diagnostic::at(text.span(finding.range), plain(&finding.message));
    diagnostic.rule = slug;
    diagnostic.fix = finding.correction.and_then(|correction| fix(code, correction, text, heredoc));
    diagnostic
}

/// As the other messages are: no capital at the start, no full stop at the end.
fn plain(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut letters = message.chars();
    match (letters.next(), letters.clone().next()) {
        // An acronym or a name keeps its capital.
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => message.to_string(),
    }
}

/// The fix in the file; `None` where a place does not lead back exactly, or the new text does not fit a Dockerfile.
fn fix(code: u32, correction: Correction, text: &MappedText, heredoc: bool) -> Option<Fix> {
    let mut edits = Vec::new();
    for (range, new) in &correction.edits {
        // A line break would end the instruction, `<<` would begin a heredoc.
        if new.contains(['\n', '\r']) || (!heredoc && new.contains("<<")) || new.ends_with('\\') {
            return None;
        }
        edits.push(edit(range.clone(), new, text)?);
    }
    let applicability = applicability(code, correction.safe);
    let title = correction.title.map_or_else(|| "Correct it".to_string(), |title| capital(&title));
    Some(Fix { title, kind: FixKind::Edit, applicability, edits })
}

/// The same words reach the same program afterwards.
const SAFE: &[u32] = &[2209];

/// What the author surely meant. What is not listed here is only shown: quotes around `$OPTIONS`, as ShellCheck has it
/// for SC2086, are as often wrong as right, and break the build then.
const UNSAFE: &[u32] = &[
    1019, 1020, 1035, 1069, 1097, 2004, 2021, 2022, 2060, 2061, 2062, 2069, 2070, 2088, 2102, 2162, 2196, 2197, 2223,
    3014, 3020, 3021,
];

fn applicability(code: u32, safe: bool) -> Applicability {
    if safe && SAFE.contains(&code) {
        Applicability::Safe
    } else if UNSAFE.contains(&code) {
        Applicability::Unsafe
    } else {
        Applicability::DisplayOnly
    }
}

fn edit(range: std::ops::Range<usize>, new: &str, text: &MappedText) -> Option<Edit> {
    if !range.is_empty() {
        let span = text.span(range.clone());
        // A continuation in between would be lost.
        return (span.len() as usize == range.len()).then(|| Edit::replace(span, new));
    }
    // Between two lines of a continued instruction there are two places; what closes something belongs to the first.
    let at = text.offset(range.start);
    let behind = range.start.checked_sub(1).map_or(at, |before| text.span(before..range.start).end);
    let next = text.text.get(range.start..).and_then(|rest| rest.chars().next());
    let closes = next.is_none_or(|next| next.is_whitespace() || next == ';');
    Some(Edit::insert(if closes { behind } else { at }, new))
}

fn capital(title: &str) -> String {
    let title = title.trim().trim_end_matches('.');
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
