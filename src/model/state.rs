//! What is in force at one place of a stage.

use std::sync::Arc;

use super::build::base_env;
use super::config::{ConfigCommand, ImageConfig};
use super::paths;
use super::{Env, ImageFacts, Origin, ShellInForce, Variable};
use crate::shell::{Dialect, Script, parse_command};
use crate::syntax::{Command, InstId, Instruction, shell_text};
use crate::text::SourceFile;

#[derive(Clone, Debug)]
pub struct State {
    pub env: Arc<Env>,
    pub workdir: Option<String>,
    pub user: Option<String>,
    pub shell: ShellInForce,
    pub config: ImageConfig,
    /// The stage itself has a CMD, so ENTRYPOINT leaves it.
    pub cmd_set: bool,
    pub facts: Option<Arc<ImageFacts>>,
    pub windows: bool,
}

impl Default for State {
    fn default() -> State {
        State::unknown(false)
    }
}

impl State {
    /// On an image that the table does not know.
    pub fn unknown(windows: bool) -> State {
        let mut env = Env::default();
        env.set_open(true);
        State {
            env: Arc::new(env),
            workdir: None,
            user: None,
            shell: default_shell(windows),
            config: ImageConfig::default(),
            cmd_set: false,
            facts: None,
            windows,
        }
    }

    pub fn of_image(facts: ImageFacts, windows: bool) -> State {
        let windows = windows || facts.family == "windows";
        let workdir = if facts.working_dir.is_empty() { "/" } else { &facts.working_dir };
        let workdir = paths::join("/", workdir, windows);
        let mut config = ImageConfig { base_known: true, ..ImageConfig::default() };
        for (name, value) in &facts.env {
            config.set_env(name, Some(value.clone()));
        }
        for name in &facts.env_unknown {
            config.set_env(name, None);
        }
        let argv = |argv: &[String]| {
            let argv = argv.to_vec();
            (!argv.is_empty()).then_some(ConfigCommand { inst: None, argv, shell_form: false })
        };
        config.entrypoint = argv(&facts.entrypoint);
        config.cmd = argv(&facts.cmd);
        config.working_dir = Some(workdir.clone());
        let user = if facts.user.is_empty() { "root" } else { &facts.user };
        config.user = Some(user.to_string()).filter(|user| user != "root");
        State {
            env: Arc::new(base_env(&facts, windows)),
            workdir: Some(workdir),
            user: Some(user.to_string()),
            shell: default_shell(windows),
            config,
            cmd_set: false,
            facts: Some(Arc::new(facts)),
            windows,
        }
    }

    /// Of a stage that starts from one which ends in this state.
    pub fn of_child(parent: &State) -> State {
        let mut state = parent.clone();
        state.cmd_set = false;
        state.config.onbuild.clear();
        // BuildKit sets the variables of the image config anew, so an ARG that hid one of them hides it no longer.
        for (name, value) in &parent.config.env {
            if parent.env.get(name).is_some_and(|variable| variable.value != *value) {
                let variable = Variable { value: value.clone(), origin: Origin::Base, changeable: false };
                Arc::make_mut(&mut state.env).set(name.as_str(), variable);
            }
        }
        state
    }

    /// `value` is the expanded path; `written` stands in the config where it is not known.
    pub fn set_workdir(&mut self, value: Option<&str>, written: &str) {
        let joined = match (value, &self.workdir) {
            (Some(value), Some(current)) => Some(paths::join(current, value, self.windows)),
            (Some(value), None) if paths::is_absolute(value, self.windows) => {
                Some(paths::join("/", value, self.windows))
            }
            _ => None,
        };
        self.config.working_dir = Some(match &joined {
            Some(path) if self.windows => path.replace('/', "\\"),
            Some(path) => path.clone(),
            None => written.to_string(),
        });
        self.workdir = joined;
    }

    /// CMD, ENTRYPOINT or HEALTHCHECK CMD as the config gets it.
    pub fn command(
        &self,
        source: &SourceFile,
        inst: InstId,
        instruction: &Instruction,
        command: &Command,
    ) -> ConfigCommand {
        let (argv, shell_form) = match command {
            Command::Exec { words, .. } => (words.iter().map(|word| word.text.to_string()).collect(), false),
            Command::Shell(span) => {
                let text = shell_text(source, instruction, *span).text;
                (self.shell.words.iter().cloned().chain([text]).collect(), true)
            }
        };
        ConfigCommand { inst: Some(inst), argv, shell_form }
    }
}

pub fn script_of(source: &SourceFile, instruction: &Instruction, dialect: Dialect) -> Option<Script> {
    let command = instruction.command()?;
    Some(parse_command(source, instruction, command, dialect))
}

fn default_shell(windows: bool) -> ShellInForce {
    let (words, dialect): (&[&str], Dialect) =
        if windows { (&["cmd", "/S", "/C"], Dialect::Cmd) } else { (&["/bin/sh", "-c"], Dialect::Posix) };
    ShellInForce { words: words.iter().map(|word| word.to_string()).collect(), dialect, set_by: None }
}

/// The language of a SHELL. `["conda", "run", "/bin/bash", "-c"]` is the shell before its last flag.
pub fn dialect_of(words: &[String]) -> Dialect {
    let mut words = words.iter().map(String::as_str);
    let Some(first) = words.next() else { return Dialect::Other };
    if let Some(dialect) = shell_named(first) {
        return dialect;
    }
    let rest: Vec<&str> = words.collect();
    let runs_text = rest.last().is_some_and(|word| word.starts_with('-') && word.ends_with('c'));
    if !runs_text {
        return Dialect::Other;
    }
    rest.iter().rev().find_map(|word| shell_named(word)).unwrap_or(Dialect::Other)
}

fn shell_named(word: &str) -> Option<Dialect> {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    match name.strip_suffix(".exe").unwrap_or(&name) {
        "sh" | "dash" | "ash" | "ksh" | "mksh" | "busybox" => Some(Dialect::Posix),
        "bash" => Some(Dialect::Bash),
        "powershell" | "pwsh" => Some(Dialect::PowerShell),
        "cmd" => Some(Dialect::Cmd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_tells_the_language() {
        for (words, dialect) in [
            (&["/bin/bash", "-o", "pipefail", "-c"][..], Dialect::Bash),
            (&["/bin/ash", "-eo", "pipefail", "-c"], Dialect::Posix),
            (&["powershell", "-Command", "$x = 1;"], Dialect::PowerShell),
            (&["C:\\Program Files\\PowerShell\\pwsh.exe", "-c"], Dialect::PowerShell),
            (&["cmd", "/S", "/C"], Dialect::Cmd),
            (&["/usr/bin/env", "bash", "-c"], Dialect::Bash),
            (&["conda", "run", "-n", "x", "/bin/bash", "-c"], Dialect::Bash),
            (&["/usr/bin/python3", "-c"], Dialect::Other),
            (&["/bin/zsh", "-c"], Dialect::Other),
            (&[], Dialect::Other),
        ] {
            let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
            assert_eq!(dialect_of(&words), dialect, "{words:?}");
        }
    }
}
