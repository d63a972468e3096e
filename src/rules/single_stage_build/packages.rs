//! Packages that only a build needs, and whether they are still there when the RUN that installed them ends.

use super::super::support::Run;
use crate::model::{Install, Manager};
use crate::rewrite::toolchains::detect;
use crate::shell::ShellCommand;

/// No running program needs a package of that name.
pub(super) fn only_builds(name: &str) -> bool {
    detect::is_compiler_package(name) || detect::is_headers_package(name)
}

pub(super) fn is_system(manager: Manager) -> bool {
    matches!(manager, Manager::Apt | Manager::Apk | Manager::Dnf | Manager::Yum | Manager::Microdnf | Manager::Zypper)
}

/// The name behind `--virtual` or `-t`.
pub(super) fn group_name(cmd: &ShellCommand) -> Option<&str> {
    let at = cmd.args.iter().position(|arg| arg.text == "-t" || arg.text.starts_with("--virtual"))?;
    match cmd.args.get(at)?.text.strip_prefix("--virtual=") {
        Some(name) => Some(name),
        None => cmd.args.get(at + 1).map(|arg| arg.text.as_str()),
    }
}

/// A later command of the same RUN removes packages.
pub(super) fn removed_later(run: &Run<'_>, index: usize) -> bool {
    run.script.commands.iter().skip(index + 1).any(removes)
}

fn removes(cmd: &ShellCommand) -> bool {
    let verb = |verbs: &[&str]| cmd.args.iter().any(|arg| verbs.contains(&arg.text.as_str()));
    match cmd.name.text.as_str() {
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "microdnf" | "zypper" => verb(&[
            "purge",
            "remove",
            "autoremove",
            "autopurge",
            "erase",
            "rm",
            "--auto-remove",
            "history",
            "groupremove",
        ]),
        "apk" => verb(&["del"]),
        "dpkg" => verb(&["-r", "-P", "--purge", "--remove"]),
        "rpm" => verb(&["-e", "--erase"]),
        _ => false,
    }
}

/// No later command of the RUN takes the package away that `install` installs.
///
/// Of compilers it is asked strictly. Headers count as gone where anything cleans up.
pub(super) fn stays(run: &Run<'_>, install: &Install, package: &str) -> bool {
    left(run, install, package, detect::is_compiler_package(package))
}

/// Strictly: `autoremove` leaves what was installed by name, and `apt-get remove build-essential` alone leaves every
/// compiler.
fn left(run: &Run<'_>, install: &Install, package: &str, strict: bool) -> bool {
    let later = || run.script.commands.iter().skip(install.command + 1);
    let auto = |cmd: &ShellCommand| {
        cmd.args.iter().any(|arg| {
            matches!(arg.text.as_str(), "autoremove" | "--auto-remove" | "--autoremove" | "autopurge" | "auto-remove")
        })
    };
    let any_auto = later().any(|cmd| removes(cmd) && auto(cmd));
    // `apt-mark auto '.*'`: from here on nothing counts as installed by name.
    let unmarked =
        later().any(|cmd| cmd.name.text == "apt-mark" && cmd.args.first().is_some_and(|arg| arg.text == "auto"));
    let group = run.script.commands.get(install.command).and_then(group_name);
    !later().filter(|cmd| removes(cmd)).any(|cmd| {
        let unknown = cmd.args.iter().any(|arg| !arg.literal);
        let named = cmd.args.iter().any(|arg| {
            let stem = arg.text.trim_end_matches('*');
            arg.text == package || (stem != arg.text && package.starts_with(stem))
        });
        match install.manager {
            Manager::Apt if package == "build-essential" => unknown || (any_auto && (named || unmarked)),
            Manager::Apt if strict => unknown || named || (unmarked && auto(cmd)),
            Manager::Apt => unknown || named || auto(cmd),
            Manager::Apk if strict => {
                unknown || named || group.is_some_and(|group| cmd.args.iter().any(|arg| arg.text == group))
            }
            // What needs a removed package goes with it, and `history undo` takes all of a transaction.
            _ if strict => {
                let needed = ["binutils", "cpp", "gcc", "glibc-devel", "history"];
                unknown || named || cmd.args.iter().any(|arg| needed.contains(&arg.text.as_str()))
            }
            _ => true,
        }
    })
}

/// The RUN installs a compiler, or headers of several libraries, and they are still there at its end.
pub(super) fn build_packages_left(run: &Run<'_>) -> bool {
    let small = |name: &str| matches!(name, "make" | "cmake" | "musl-dev" | "linux-headers");
    let mut headers = 0;
    for install in run.step.installs.iter().filter(|install| is_system(install.manager)) {
        for name in install.packages.iter().map(|package| package.name.as_str()).filter(|name| !small(name)) {
            let compiler = detect::is_compiler_package(name);
            if (compiler || detect::is_headers_package(name)) && left(run, install, name, true) {
                headers += 1;
                // One or two may be there for the libraries that they bring.
                if compiler || headers > 2 {
                    return true;
                }
            }
        }
    }
    false
}
