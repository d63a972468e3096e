//! `check`: parse, model, run the rules, suppress, sort, price.

mod suppress;

use std::cell::OnceCell;
use std::collections::HashSet;

use crate::context::BuildContext;
use crate::diagnostic::Diagnostic;
use crate::model::{self, Model};
use crate::rewrite::{Refusal, RewritePlan};
use crate::rules::{self, Context, RULES, Rule, shellcheck};
use crate::settings::Settings;
use crate::size::{self, ImageSize};
use crate::syntax::{self, Dockerfile};
use crate::text::SourceFile;

/// One file, read and checked.
pub struct Checked {
    pub source: SourceFile,
    pub dockerfile: Dockerfile,
    pub model: Model,
    /// Sorted by place, then by rule.
    pub diagnostics: Vec<Diagnostic>,
    /// What the image weighs, by stage and instruction.
    pub size: ImageSize,
    /// Findings that an ignore comment switched off, sorted in the same way.
    pub suppressed: Vec<Diagnostic>,
    /// The file as a multi-stage build, where a rule wanted to know.
    pub plan: Option<Result<RewritePlan, Refusal>>,
}

pub fn check(source: SourceFile, build_context: Option<&BuildContext>, settings: &Settings) -> Checked {
    let dockerfile = syntax::parse(&source);
    let model = model::build(&source, &dockerfile, &settings.model);
    let cx = Context {
        source: &source,
        dockerfile: &dockerfile,
        model: &model,
        settings,
        build_context,
        planned: OnceCell::new(),
    };
    let size = size::image(&source, &dockerfile, &model, build_context, &settings.size);
    let mut diagnostics = Vec::new();
    let options = check_options(&dockerfile, settings);
    let asked_for = suppress::experimental(options.unwrap_or_default());
    let selected: Option<HashSet<&str>> = settings.select.as_ref().map(|slugs| slugs.iter().copied().collect());
    let on = |rule: &Rule| {
        let on = match &selected {
            Some(selected) => selected.contains(rule.slug),
            None => rule.in_profile(settings.profile),
        };
        (on || (rule.is_experimental() && asked_for.hold(rule.slug))) && !settings.ignore.contains(&rule.slug)
    };
    for rule in RULES.iter().filter(|rule| on(rule)) {
        let first = diagnostics.len();
        (rule.check)(&cx, &mut diagnostics);
        for diagnostic in diagnostics.iter_mut().skip(first) {
            diagnostic.rule = rule.slug;
        }
    }
    shellcheck::check(&cx, &on, &mut diagnostics);
    for diagnostic in &mut diagnostics {
        let given = settings.severities.get(diagnostic.rule).copied();
        let usual = || rules::find(diagnostic.rule).map(|rule| rule.severity_in(settings.profile));
        diagnostic.severity = given.or_else(usual).unwrap_or(diagnostic.severity);
        diagnostic.cost = size::price(&dockerfile, &model, &size, diagnostic);
    }
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end, diagnostic.rule));
    let plan = cx.planned.into_inner();
    let mut suppressed = Vec::new();
    if !settings.disable_ignores {
        let ignores = suppress::Suppressions::read(&source, &dockerfile, options);
        (suppressed, diagnostics) = diagnostics.into_iter().partition(|diagnostic| ignores.hide(diagnostic));
    }
    Checked { source, dockerfile, model, diagnostics, size, suppressed, plan }
}

/// The value of the `check` directive; BuildKit's build argument wins over it.
fn check_options<'a>(dockerfile: &'a Dockerfile, settings: &'a Settings) -> Option<&'a str> {
    let given = settings.model.build_args.iter().rev().find(|(name, _)| name == "BUILDKIT_DOCKERFILE_CHECK");
    match given {
        Some((_, value)) => Some(value),
        None => dockerfile.directive("check").map(|value| value.text.as_str()),
    }
}
