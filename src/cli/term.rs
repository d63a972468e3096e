//! What the terminal can do.

use std::io::IsTerminal;

use super::args::ColorWhen;
use crate::report::Style;

/// How to print on the standard output.
pub(super) fn style(when: ColorWhen, quiet: bool) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let term = std::env::var("TERM").unwrap_or_default();
    let width = if terminal { terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)) } else { None };
    let color = color(when, terminal, |name| std::env::var(name).ok());
    colored::control::set_override(color);
    Style { color, unicode: term != "dumb" && term != "linux", width: width.unwrap_or(120).clamp(40, 160), quiet }
}

/// The option, then NO_COLOR (no-color.org), CLICOLOR_FORCE and CLICOLOR (bixense.com/clicolors), then the terminal.
fn color(when: ColorWhen, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let on = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if set("NO_COLOR") => false,
        ColorWhen::Auto if on("CLICOLOR_FORCE") => true,
        ColorWhen::Auto if variable("CLICOLOR").as_deref() == Some("0") => false,
        ColorWhen::Auto if variable("TERM").as_deref() == Some("dumb") => false,
        ColorWhen::Auto => terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_decided_by_option_then_variables_then_terminal() {
        type Variables = &'static [(&'static str, &'static str)];
        let cases: [(ColorWhen, bool, Variables, bool); 10] = [
            (ColorWhen::Auto, true, &[], true),
            (ColorWhen::Auto, false, &[], false),
            (ColorWhen::Always, false, &[("NO_COLOR", "1")], true),
            (ColorWhen::Never, true, &[("CLICOLOR_FORCE", "1")], false),
            (ColorWhen::Auto, true, &[("NO_COLOR", "1")], false),
            (ColorWhen::Auto, true, &[("NO_COLOR", "")], true),
            (ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (ColorWhen::Auto, true, &[("CLICOLOR", "0")], false),
            (ColorWhen::Auto, true, &[("TERM", "dumb")], false),
        ];
        for (when, terminal, variables, expected) in cases {
            let lookup =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
            assert_eq!(color(when, terminal, lookup), expected, "{when:?} {terminal} {variables:?}");
        }
    }
}
