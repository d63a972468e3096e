//! Commands that set variables of the environment which they do not name.

use super::Walk;
use crate::context::tree::join;
use crate::shell::ShellCommand;

impl Walk<'_> {
    /// `. ./build.env`, `export $(cat .env)`, `eval "$x"`: variables that the command itself does not name.
    pub(super) fn sets_environment(&self, command: &ShellCommand, dir: Option<&str>) -> bool {
        let first = command.args.first().map_or("", |arg| arg.text.as_str());
        match command.name.text.as_str() {
            "." | "source" => {
                let text = dir.and_then(|dir| self.tree.read(&join(dir, first)));
                match text {
                    Some(text) => text.lines().map(str::trim_start).any(|line| {
                        line.contains("CGO_ENABLED")
                            || ["eval", "source ", ". ", "export $"].iter().any(|word| line.starts_with(word))
                    }),
                    None => !first.starts_with("/etc/"),
                }
            }
            "eval" => !first.contains("ssh-agent"),
            "export" => command.args.iter().any(|arg| {
                let name = arg.text.split('=').next().unwrap_or("");
                name.contains(['$', '`'])
            }),
            _ => false,
        }
    }
}
