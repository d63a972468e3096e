//! ShellCheck's findings on one script, as far as this build has them (the feature `shellcheck`).
//!
//! The one place that knows shuck-linter. It gets the text that the shell would get, below a head that names the shell
//! and the variables that are set before the script begins.

use std::ops::Range;

/// What is known of a script before it is read.
#[derive(Clone, Debug, Default)]
pub struct Surroundings<'a> {
    /// The words that start the shell: `["/bin/bash", "-o", "pipefail", "-c"]`.
    pub shell: &'a [&'a str],
    /// Variables that are set. Those that the text does not name cost nothing.
    pub variables: &'a [&'a str],
}

/// One finding; places are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `2086`.
    pub code: u32,
    pub range: Range<usize>,
    pub message: String,
    pub correction: Option<Correction>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub title: Option<String>,
    /// shuck says that the script does the same afterwards.
    pub safe: bool,
    pub edits: Vec<(Range<usize>, String)>,
}

/// Looks for some of the codes.
pub struct Linter(engine::Linter);

impl Linter {
    /// `None` when this build cannot find any of them.
    pub fn new(wanted: impl Fn(u32) -> bool) -> Option<Linter> {
        engine::Linter::new(wanted).map(Linter)
    }

    /// What ShellCheck says of the text; nothing where it is too long, and the error alone where its syntax is wrong.
    pub fn findings(&mut self, text: &str, around: &Surroundings<'_>) -> Vec<Finding> {
        self.0.findings(text, around)
    }
}

/// What a code is about, for people.
pub fn about(code: u32) -> Option<String> {
    engine::about(code)
}

/// This build has the feature.
pub const AVAILABLE: bool = cfg!(feature = "shellcheck");

/// The code for a script whose syntax is wrong.
pub const SYNTAX_ERROR: u32 = 1072;

#[cfg(not(feature = "shellcheck"))]
mod engine {
    use super::{Finding, Surroundings};

    pub struct Linter;

    impl Linter {
        pub fn new(_: impl Fn(u32) -> bool) -> Option<Linter> {
            None
        }

        pub fn findings(&mut self, _: &str, _: &Surroundings<'_>) -> Vec<Finding> {
            Vec::new()
        }
    }

    pub fn about(_: u32) -> Option<String> {
        None
    }
}

#[cfg(feature = "shellcheck")]
mod engine {
    use std::collections::HashMap;
    use std::fmt::Write as _;
    use std::ops::Range;
    use std::panic::AssertUnwindSafe;
    use std::sync::OnceLock;

    use shuck_linter::{AnalysisRequest, Diagnostic, LinterSettings, Rule, ShellCheckCodeMap, ShellDialect};
    use shuck_parser::parser::{ParseStatus, Parser, ShellProfile};

    use super::super::front::{base_name, is_name};
    use super::super::walk::{MAX_AST_DEPTH, MAX_TEXT};
    use super::{Correction, Finding, SYNTAX_ERROR, Surroundings};

    /// Made when the first script is looked at.
    fn map() -> &'static ShellCheckCodeMap {
        static MAP: OnceLock<ShellCheckCodeMap> = OnceLock::new();
        MAP.get_or_init(ShellCheckCodeMap::default)
    }

    pub struct Linter {
        settings: LinterSettings,
        /// Syntax errors are asked for.
        syntax: bool,
        /// Misspelled names are asked for (SC2153), so every name has to be known.
        spelling: bool,
    }

    impl Linter {
        pub fn new(wanted: impl Fn(u32) -> bool) -> Option<Linter> {
            let asked = map().mappings().filter(|(code, _)| *code != SYNTAX_ERROR && wanted(*code));
            let mut rules = asked.map(|(_, rule)| rule).peekable();
            let syntax = wanted(SYNTAX_ERROR);
            if rules.peek().is_none() && !syntax {
                return None;
            }
            let mut settings = LinterSettings::for_rules(rules);
            settings.resolve_source_closure = false;
            Some(Linter { settings, syntax, spelling: wanted(2153) })
        }

        pub fn findings(&mut self, text: &str, around: &Surroundings<'_>) -> Vec<Finding> {
            if text.len() > MAX_TEXT || explodes(text) {
                return Vec::new();
            }
            self.settings.shell = dialect(around.shell);
            let flags = || around.shell.iter().skip(1);
            self.settings.ambient_shell_options.errexit =
                flags().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('e'));
            self.settings.ambient_shell_options.pipefail = flags().any(|word| *word == "pipefail");
            let head = head(text, around, self.spelling);
            let whole = format!("{head}{text}");
            // The parser slices inside of characters in some broken scripts; then nothing is known.
            let run = || lint(&whole, &self.settings);
            let found = std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or(Ok(Vec::new()));
            match found {
                Ok(found) => found.into_iter().filter_map(|found| finding(found, head.len(), whole.len())).collect(),
                Err((at, message)) if self.syntax => {
                    let at = at.saturating_sub(head.len()).min(text.len());
                    vec![Finding { code: SYNTAX_ERROR, range: at..text.len(), message, correction: None }]
                }
                Err(_) => Vec::new(),
            }
        }
    }

    /// `Err`: where the syntax is wrong, and how.
    fn lint(whole: &str, settings: &LinterSettings) -> Result<Vec<Diagnostic>, (usize, String)> {
        let profile = ShellProfile::native(settings.shell.parser_dialect());
        let fuel = whole.len().max(100_000);
        let parsed = Parser::with_limits_and_profile(whole, MAX_AST_DEPTH, fuel, profile).parse();
        // What lies behind an error is not understood; and deep nesting with an error in it takes seconds.
        if parsed.status == ParseStatus::Fatal {
            let first = parsed.diagnostics.first();
            return Err(first.map_or_else(
                || (0, "the syntax is not understood".to_string()),
                |error| (error.span.start.offset(), error.message.clone()),
            ));
        }
        Ok(AnalysisRequest::from_parse_result(&parsed, whole, settings).lint())
    }

    /// `A=$B$B; C=$A$A; …`: shuck follows what each variable is made of, and needs twice the memory for every step.
    fn explodes(text: &str) -> bool {
        const MOST: usize = 4_096;
        let mut parts: HashMap<&str, usize> = HashMap::new();
        for statement in text.split([';', '\n', '&', '|']) {
            let mut assigned = "";
            let mut count = 0;
            for (at, letter) in statement.match_indices(['=', '$']) {
                if letter == "=" {
                    let name = statement.get(..at).unwrap_or("").trim_end_matches('+');
                    let start = name.rfind(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
                    let name = name.get(start.map_or(0, |start| start + 1)..).unwrap_or("");
                    if is_name(name) {
                        parts.insert(assigned, count);
                        (assigned, count) = (name, 1);
                    }
                } else {
                    let rest = statement.get(at + 1..).unwrap_or("").trim_start_matches('{');
                    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
                    let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
                    count += parts.get(name).copied().unwrap_or(1);
                }
                if count > MOST {
                    return true;
                }
            }
            parts.insert(assigned, count);
        }
        false
    }

    /// The shebang, and an assignment for every variable that the text may use.
    fn head(text: &str, around: &Surroundings<'_>, spelling: bool) -> String {
        let mut head = format!("#!{}\n", around.shell.join(" ").replace(['\n', '\r'], " "));
        for name in around.variables {
            if is_name(name) && (text.contains(name) || (spelling && text.contains('$'))) {
                let _ = writeln!(head, "export {name}=1");
            }
        }
        head
    }

    fn dialect(shell: &[&str]) -> ShellDialect {
        let known = |word: &&str| match base_name(word) {
            "bash" | "rbash" => Some(ShellDialect::Bash),
            "dash" | "ash" | "busybox" => Some(ShellDialect::Dash),
            "ksh" => Some(ShellDialect::Ksh),
            "mksh" => Some(ShellDialect::Mksh),
            "sh" => Some(ShellDialect::Sh),
            _ => None,
        };
        shell.iter().find_map(known).unwrap_or(ShellDialect::Sh)
    }

    fn finding(diagnostic: Diagnostic, start: usize, end: usize) -> Option<Finding> {
        let inside = |from: usize, to: usize| -> Option<Range<usize>> {
            (start <= from && from <= to && to <= end).then(|| from - start..to - start)
        };
        let code = map().code_for_rule(diagnostic.rule)?;
        let range = inside(diagnostic.span.start.offset(), diagnostic.span.end.offset())?;
        let title = diagnostic.fix_title;
        let correction = diagnostic.fix.and_then(|fix| {
            let edits = fix.edits().iter().map(|edit| {
                let at = edit.range();
                Some((inside(usize::from(at.start()), usize::from(at.end()))?, edit.content().to_string()))
            });
            let safe = fix.applicability() == shuck_linter::Applicability::Safe;
            Some(Correction { title, safe, edits: edits.collect::<Option<Vec<_>>>()? })
        });
        Some(Finding { code, range, message: diagnostic.message, correction })
    }

    pub fn about(code: u32) -> Option<String> {
        let rule: Rule = map().resolve(&code.to_string())?;
        let facts = shuck_linter::rule_metadata(rule)?;
        Some(format!("{}\n\n{}\n", facts.description.trim(), facts.rationale.trim()))
    }
}
