//! Programs that are no package of the distribution: those that the package manager of a language puts there, and those
//! that are started from a place where no package puts any.

use super::effects::Effect;
use super::paths::{base_name, parent};
use crate::shell::ShellCommand;

/// The install that puts a program of that name there, and the name of its package manager.
pub(super) fn brings<'e, 'a>(effects: &'e [Effect<'a>], name: &str) -> Option<(&'e Effect<'a>, &'static str)> {
    effects.iter().find_map(|effect| {
        let (manager, from) = manager(effect.cmd)?;
        let words = effect.cmd.args.iter().skip(from).map(|arg| arg.text.as_str());
        words.filter(|word| !word.starts_with('-')).any(|word| package(word) == name).then_some((effect, manager))
    })
}

/// The package manager of a language that installs programs for everybody, and how many words stand before the packages.
fn manager(cmd: &ShellCommand) -> Option<(&'static str, usize)> {
    let word = |at: usize| cmd.args.get(at).map_or("", |arg| arg.text.as_str());
    let has = |names: &[&str]| cmd.args.iter().position(|arg| names.contains(&arg.text.as_str())).map(|at| at + 1);
    match cmd.name.text.as_str() {
        "pip" | "pip2" | "pip3" => Some(("pip", has(&["install"])?)),
        name if name.starts_with("python") && word(0) == "-m" && word(1).starts_with("pip") => {
            Some(("pip", has(&["install"])?))
        }
        "pipx" => Some(("pipx", has(&["install"])?)),
        "easy_install" => Some(("easy_install", 0)),
        "uv" => Some(("uv", has(&["install"])?)),
        "conda" | "mamba" | "micromamba" => Some(("conda", has(&["install"])?)),
        "npm" if has(&["-g", "--global"]).is_some() => Some(("npm", has(&["install", "i", "add"])?)),
        "pnpm" if has(&["-g", "--global"]).is_some() => Some(("pnpm", has(&["add", "install", "i"])?)),
        "yarn" if word(0) == "global" => Some(("yarn", has(&["add"])?)),
        "gem" => Some(("gem", has(&["install"])?)),
        "cargo" => Some(("cargo", has(&["install"])?)),
        "cpan" | "cpanm" => Some(("cpan", 0)),
        "luarocks" => Some(("luarocks", has(&["install"])?)),
        "composer" => Some(("composer", has(&["require"])?)),
        _ => None,
    }
}

/// `yt-dlp[default]==2024.1`, `@scope/tool@2`, `tool:1.2`: the name alone.
fn package(word: &str) -> &str {
    let word = match word.strip_prefix('@').and_then(|scoped| scoped.split_once('/')) {
        Some((_, name)) => name,
        None => word,
    };
    word.split(['=', '<', '>', '~', '!', '[', '@', ';', ':']).next().unwrap_or(word).trim_matches(['"', '\''])
}

/// No package of a distribution puts a program at that path.
pub(super) fn is_outside_of_packages(path: &str) -> bool {
    !["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/games"].contains(&parent(path))
        && !["/lib", "/usr/lib", "/usr/libexec", "/usr/share", "/etc"].iter().any(|dir| super::paths::within(path, dir))
        && !base_name(path).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_languages_are_taken_apart() {
        for (word, want) in [
            ("yt-dlp[default]==2024.1", "yt-dlp"),
            ("@scope/tool@2", "tool"),
            ("tool@latest", "tool"),
            ("awscli>=1.2", "awscli"),
            ("dumb-init", "dumb-init"),
        ] {
            assert_eq!(package(word), want, "{word}");
        }
        for (path, want) in
            [("/usr/local/bin/tini", true), ("/sbin/tini", false), ("/usr/bin/git", false), ("/tini", true)]
        {
            assert_eq!(is_outside_of_packages(path), want, "{path}");
        }
    }
}
