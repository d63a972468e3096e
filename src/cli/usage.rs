//! Wrong command lines: one line each, with the nearest name.

use std::io::Write;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Exit, complain};

/// Prints what clap has to say, help included, and gives the exit code.
pub(super) fn print(error: &clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            let _ = std::io::stdout().flush();
            Exit::Clean as u8
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let _ = error.print();
            Exit::Trouble as u8
        }
        _ => {
            complain(&line(error));
            Exit::Trouble as u8
        }
    }
}

fn line(error: &clap::Error) -> String {
    let one = |kind| error.get(kind).map(words).unwrap_or_default().into_iter().next().unwrap_or_default();
    let near = |kind| match one(kind) {
        near if near.is_empty() => String::new(),
        near => format!("; did you mean `{near}`?"),
    };
    let argument = one(ContextKind::InvalidArg);
    let value = one(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let near = near(ContextKind::SuggestedArg);
            if near.is_empty() && !argument.starts_with('-') {
                return format!("unexpected argument `{argument}`; see `unladen --help`");
            }
            format!("unknown option `{argument}`{near}")
        }
        ErrorKind::InvalidSubcommand => {
            let command = one(ContextKind::InvalidSubcommand);
            let near = near(ContextKind::SuggestedSubcommand);
            if near.is_empty() {
                return format!("unknown command `{command}`; to check a file, use `unladen check {command}`");
            }
            format!("unknown command `{command}`{near}")
        }
        ErrorKind::InvalidValue if !value.is_empty() => {
            let option = argument.split([' ', '=', '[']).next().unwrap_or_default();
            let known = error.get(ContextKind::ValidValue).map(words).unwrap_or_default();
            let near = crate::config::names::nearest(&value, known.iter().map(String::as_str));
            let near = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of {}", known.join(", ")),
            };
            format!("{option}: unknown value `{value}`; {near}")
        }
        _ => {
            let text = error.render().to_string();
            let text = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string();
            text.trim_end_matches(':').to_string()
        }
    }
}

fn words(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(word) => vec![word.clone()],
        ContextValue::Strings(words) => words.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}
