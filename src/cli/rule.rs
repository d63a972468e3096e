//! `unladen rule`: the list of rules, or the page of one.

use std::io::{self, Write};

use colored::Colorize;
use serde::Serialize;

use super::args::{ColorWhen, Rule as Command};
use super::{Exit, Stop, term};
use crate::config::names;
use crate::report::{Style, category_name, url};
use crate::rules::{self, Category, FixAvailability, RULES, Rule, shellcheck};

pub(super) fn run(command: &Command, color: ColorWhen, out: &mut dyn Write) -> Result<Exit, Stop> {
    let style = term::style(color, false);
    match &command.id {
        Some(id) => {
            // An alias may stand for several rules; each has its page.
            let slugs = match names::known(id) {
                slugs if slugs.is_empty() => names::rules(id).map_err(Stop::Usage)?,
                slugs => slugs,
            };
            for (index, rule) in slugs.iter().filter_map(|slug| rules::find(slug)).enumerate() {
                if index > 0 {
                    writeln!(out)?;
                }
                match command.json {
                    true => json(&[rule], out)?,
                    false => page(rule, style, out)?,
                }
            }
        }
        None if command.json => json(&rules::all().collect::<Vec<_>>(), out)?,
        None => list(style, out)?,
    }
    Ok(Exit::Clean)
}

fn list(style: Style, out: &mut dyn Write) -> io::Result<()> {
    let categories = [
        Category::Size,
        Category::Correctness,
        Category::Security,
        Category::Cache,
        Category::Reproducibility,
        Category::Style,
    ];
    let width = RULES.iter().map(|rule| rule.slug.len()).max().unwrap_or_default();
    let names = RULES.iter().map(|rule| rule.aliases.join(" ").len()).max().unwrap_or_default();
    let mut first = true;
    for category in categories {
        let mut rules = RULES.iter().filter(|rule| rule.category == category).peekable();
        if rules.peek().is_none() {
            continue;
        }
        if !std::mem::take(&mut first) {
            writeln!(out)?;
        }
        let name = category_name(category);
        writeln!(out, "{}", if style.color { name.bold().to_string() } else { name.to_string() })?;
        for rule in rules {
            let fix = match rule.fix {
                FixAvailability::None => "",
                FixAvailability::Sometimes | FixAvailability::Always => "fix",
            };
            let severity = if rule.default { rule.severity.name() } else { "off" };
            let aliases = rule.aliases.join(" ");
            writeln!(out, "  {:width$}  {severity:7}  {fix:3}  {aliases:names$}  {}", rule.slug, rule.summary)?;
        }
    }
    let codes = shellcheck::CODES;
    if let (Some(first), Some(last)) = (codes.first(), codes.last()) {
        let on = codes.iter().filter(|rule| rule.default).count();
        let range = format!("{} to {}", first.slug, last.slug);
        writeln!(out, "\n{} codes of ShellCheck in RUN, {range}; {on} of them run by default", codes.len())?;
    }
    Ok(())
}

/// The Markdown of a page made easy to read on a terminal.
fn page(rule: &Rule, style: Style, out: &mut dyn Write) -> io::Result<()> {
    // ShellCheck's codes share a page; what the code itself is about goes before it.
    if let Some(code) = shellcheck::number(rule.slug) {
        let default = if rule.default { "" } else { ", off by default" };
        let title = rule.slug;
        writeln!(out, "{}\n", if style.color { title.bold().underline().to_string() } else { title.to_string() })?;
        writeln!(out, "{}{default}\n", rule.severity.name())?;
        writeln!(out, "{}", shellcheck::about(code).unwrap_or_default())?;
        writeln!(out, "{}\n", url(rule.slug).unwrap_or_default())?;
    }
    let mut in_code = false;
    let mut blank = true;
    for line in rule.doc.lines() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            in_code = !in_code;
            // A fixed example follows the bad one that it is made from.
            if fence.split(' ').nth(1) == Some("fixed") {
                writeln!(out, "becomes\n")?;
            }
            continue;
        }
        if in_code {
            writeln!(out, "    {line}")?;
            blank = false;
            continue;
        }
        // The line of facts stands directly between two comments.
        let comment = line.starts_with("<!--");
        if (comment || line.is_empty()) && blank {
            continue;
        }
        let line = if comment { "" } else { line };
        blank = line.is_empty();
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            let text = heading.trim();
            writeln!(out, "{}", if style.color { text.bold().underline().to_string() } else { text.to_string() })?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct JsonRule<'a> {
    slug: &'a str,
    aliases: &'a [&'a str],
    summary: &'a str,
    category: &'a str,
    severity: &'a str,
    fix: &'a str,
    default: bool,
    since: &'a str,
    url: Option<String>,
    doc: &'a str,
}

fn json(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<JsonRule<'_>> = rules
        .iter()
        .map(|rule| JsonRule {
            slug: rule.slug,
            aliases: rule.aliases,
            summary: rule.summary,
            category: category_name(rule.category),
            severity: rule.severity.name(),
            fix: match rule.fix {
                FixAvailability::None => "none",
                FixAvailability::Sometimes => "sometimes",
                FixAvailability::Always => "always",
            },
            default: rule.default,
            since: rule.since,
            url: url(rule.slug),
            doc: rule.doc,
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &rules).map_err(io::Error::from)?;
    writeln!(out)
}
