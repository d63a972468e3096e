//! Packages that are installed where no instruction shows it: by a script, a recipe of make, xargs.

use crate::shell::ShellCommand;

/// `apt-get install`, `xargs apk add`
pub(super) fn is_install(command: &ShellCommand) -> bool {
    const MANAGERS: &[&str] = &["apk", "apt", "apt-get", "dnf", "microdnf", "yum", "zypper"];
    let has = |words: &[&str]| command.args.iter().any(|arg| words.contains(&arg.text.as_str()));
    let manager = MANAGERS.contains(&command.name.text.as_str()) || command.name.text == "xargs" && has(MANAGERS);
    manager && has(&["add", "install"])
}
