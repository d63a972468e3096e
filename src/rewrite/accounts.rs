//! Users and groups that a repeated command names: those of the base, those that the file makes, and those that a
//! package makes when it is installed.

use super::case::Case;
use super::effects::{Effect, Kind};
use super::layout::Parts;
use super::paths::within;
use crate::model::{Step, expand};
use crate::shell::ShellCommand;
use crate::syntax::Body;

/// Users and groups of both alpine-baselayout and base-passwd.
const OF_BOTH: &[&str] = &[
    "adm", "audio", "bin", "cdrom", "daemon", "dialout", "disk", "floppy", "games", "kmem", "lp", "mail", "news",
    "nobody", "nogroup", "root", "shadow", "sync", "sys", "tape", "tty", "users", "utmp", "uucp", "video", "www-data",
];
const OF_ALPINE: &[&str] =
    &["abuild", "cron", "ftp", "guest", "halt", "input", "kvm", "netdev", "ntp", "ping", "shutdown", "sshd", "wheel"];
const OF_DEBIAN: &[&str] = &[
    "_apt", "backup", "dip", "fax", "irc", "list", "man", "operator", "plugdev", "proxy", "sasl", "src", "staff",
    "sudo", "voice",
];

/// The first user or group that the file names and neither makes nor finds in every base.
pub(super) fn of_packages(case: &Case<'_>, effects: &[Effect<'_>]) -> Option<String> {
    effects.iter().find_map(|effect| foreign(case, effects, effect))
}

/// The same of the repeated commands of one RUN, where the final stage installs no package that could make it.
pub(super) fn unmade(parts: &Parts<'_, '_>, step: &Step, repeated: &[usize]) -> Option<String> {
    let kept = |effect: &Effect<'_>| match &effect.kind {
        Kind::Install(install) => !super::chain::run_time_packages(install, parts.pure, parts.ground, false).is_empty(),
        _ => false,
    };
    let removes = parts.effects.iter().any(|effect| matches!(effect.kind, Kind::Remove(_)));
    if parts.effects.iter().any(kept) && !removes {
        return None;
    }
    let own = parts.effects.iter().filter(|effect| effect.inst == step.inst).enumerate();
    own.filter(|(at, _)| repeated.contains(at))
        .find_map(|(_, effect)| foreign(parts.case, parts.effects, effect))
        .filter(|_| parts.ground.is_some_and(|ground| ground.toolchain_image))
}

/// The home of the user of the image, where a command surely makes it, and makes it empty: modules that take paths may
/// write there.
pub(super) fn fresh_home(parts: &Parts<'_, '_>) -> Option<String> {
    let case = parts.case;
    let config = &case.stage.config;
    let user = config.user.as_deref()?.split(':').next().filter(|user| !user.is_empty())?;
    let accounts: Vec<&Effect<'_>> =
        parts.effects.iter().filter(|effect| matches!(effect.kind, Kind::Account)).collect();
    let changed = |effect: &&&Effect<'_>| matches!(effect.cmd.name.text.as_str(), "usermod" | "userdel" | "deluser");
    if config.env.iter().any(|(name, _)| name == "HOME") || accounts.iter().any(|effect| changed(&effect)) {
        return None;
    }
    let (effect, login) = accounts.iter().find_map(|effect| {
        let cmd = effect.cmd;
        let login = match words(cmd).made.as_slice() {
            [login] if matches!(cmd.name.text.as_str(), "adduser" | "useradd") => login.clone(),
            _ => return None,
        };
        let number = || cmd.flag_value("-u").or_else(|| cmd.flag_value("--uid"));
        (login == user || number().as_deref() == Some(user)).then_some((*effect, login))
    })?;
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);
    let args: Vec<&str> = effect.cmd.args.iter().map(|arg| arg.text.as_str()).collect();
    let makes = makes_home(&effect.cmd.name.text, &args, alpine) && !effect.cmd.conditional && !login.contains('$');
    let home = format!("/home/{login}");
    // What others than root run may leave their caches there.
    let own = case.steps().any(|(step, inst)| {
        let placed = super::placed::of_transfer(case, step, inst);
        let runs = matches!(inst.body, Body::Run(_));
        let root = step.user.as_deref().is_none_or(|user| matches!(user, "" | "0" | "root"));
        (runs && !root) || placed.map_or(true, |all| all.iter().any(|placed| within(&placed.path, &home)))
    });
    let filled = parts.effects.iter().any(|effect| match &effect.kind {
        Kind::Write(paths) | Kind::Make(paths) => paths.iter().any(|path| within(path, &home)),
        _ => false,
    });
    let taken = within(&case.workdir, &home)
        || config.volumes.iter().any(|volume| within(volume, &home))
        || super::placed::removed_later(case, parts.effects, effect.cmd.span.start, &home);
    (makes && !own && !filled && !taken).then_some(home)
}

/// The home is made, and where everybody looks for it.
fn makes_home(name: &str, args: &[&str], alpine: bool) -> bool {
    const ELSEWHERE: &[&str] =
        &["--home", "--home-dir", "--base-dir", "--root", "--prefix", "--system", "--no-create-home"];
    let long = |flag: &str| args.iter().any(|arg| arg.split('=').next() == Some(flag));
    let short = |letters: &[char]| {
        args.iter()
            .any(|arg| arg.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains(letters)))
    };
    if ELSEWHERE.iter().any(|flag| long(flag)) {
        return false;
    }
    match name {
        "useradd" => (short(&['m']) || long("--create-home")) && !short(&['M', 'd', 'b', 'R', 'P']),
        "adduser" => !alpine || !short(&['H', 'h']),
        _ => false,
    }
}

fn foreign(case: &Case<'_>, effects: &[Effect<'_>], effect: &Effect<'_>) -> Option<String> {
    let value = |text: &str| expand(text, case.file.escape, &effect.step.env).unwrap_or_else(|_| text.to_string());
    let names = match &effect.kind {
        Kind::Account => words(effect.cmd).named,
        Kind::Own(owner, _) => owner.split([':', '.']).map(String::from).collect(),
        _ => Vec::new(),
    };
    let made = made(case, effects);
    let known = |name: &str| {
        let number = name.chars().all(|letter| letter.is_ascii_digit());
        // What a script computes is mostly a number that the caller gives.
        number
            || name.contains(['$', '`'])
            || name.is_empty()
            || [OF_BOTH, OF_ALPINE, OF_DEBIAN].iter().any(|names| names.contains(&name))
            || made.iter().any(|made| made == name)
    };
    names.iter().map(|name| value(name)).find(|name| !known(name))
}

/// Every distribution knows the owner, or the file makes it by a command that is repeated.
pub(super) fn is_known(case: &Case<'_>, effects: &[Effect<'_>], owner: &str) -> bool {
    let made = made(case, effects);
    owner.split([':', '.']).all(|name| {
        name.chars().all(|letter| letter.is_ascii_digit())
            || OF_BOTH.contains(&name)
            || made.iter().any(|made| made == name)
    })
}

/// The users and groups that the file makes.
fn made(case: &Case<'_>, effects: &[Effect<'_>]) -> Vec<String> {
    let names = |effect: &Effect<'_>| {
        let names: Vec<String> = match &effect.kind {
            Kind::Account => words(effect.cmd).made,
            // `echo 'app:x:1000:1000::/:' >> /etc/passwd`
            Kind::Write(paths) if paths.iter().any(|path| super::placed::is_account_file(path)) => {
                let first = |text: &str| text.split(':').next().unwrap_or("").to_string();
                effect.cmd.args.iter().map(|arg| first(&arg.text)).collect()
            }
            _ => Vec::new(),
        };
        let value = |name: String| expand(&name, case.file.escape, &effect.step.env).unwrap_or(name);
        names.into_iter().map(value).collect::<Vec<String>>()
    };
    effects.iter().flat_map(names).collect()
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Words {
    /// Users and groups that have to be there.
    named: Vec<String>,
    made: Vec<String>,
}

fn words(cmd: &ShellCommand) -> Words {
    let args: Vec<&str> = cmd.args.iter().map(|arg| arg.text.as_str()).collect();
    of_words(&cmd.name.text, &args)
}

fn of_words(name: &str, args: &[&str]) -> Words {
    // Flags with a value, and those among them whose value names groups.
    let (letters, groups) = match name {
        "adduser" => ("hgsGuk", "G"),
        "useradd" => ("bcdefgGkKpsuRPZ", "gG"),
        "usermod" => ("cdefgGlpsuRPZ", "gG"),
        "addgroup" => ("g", ""),
        "groupadd" => ("gKpRP", ""),
        "groupmod" => ("gnpRP", ""),
        _ => ("", ""),
    };
    const LONG: &[&str] = &[
        "base-dir",
        "comment",
        "conf",
        "expiredate",
        "firstgid",
        "firstuid",
        "gecos",
        "gid",
        "groups",
        "home",
        "home-dir",
        "inactive",
        "ingroup",
        "lastgid",
        "lastuid",
        "login",
        "new-name",
        "password",
        "shell",
        "skel",
        "uid",
    ];
    let mut found = Words::default();
    let mut operands: Vec<String> = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value_of_groups = if let Some(long) = arg.strip_prefix("--") {
            let (flag, value) = long.split_once('=').map_or((long, None), |(flag, value)| (flag, Some(value)));
            let value = value.or_else(|| LONG.contains(&flag).then(|| args.next().copied()).flatten());
            value.filter(|_| matches!(flag, "gid" | "groups" | "ingroup"))
        } else if let Some(bundle) = arg.strip_prefix('-') {
            let Some(at) = bundle.find(|letter| letters.contains(letter)) else { continue };
            let glued = bundle.get(at + 1..).filter(|rest| !rest.is_empty());
            let value = glued.or_else(|| args.next().copied());
            value.filter(|_| bundle.get(at..at + 1).is_some_and(|letter| groups.contains(letter)))
        } else {
            operands.push(arg.to_string());
            None
        };
        found.named.extend(value_of_groups.iter().flat_map(|value| value.split(',')).map(String::from));
    }
    let makes = matches!(name, "adduser" | "useradd" | "addgroup" | "groupadd") && operands.len() < 2;
    match makes {
        true => found.made = operands,
        false => found.named.extend(operands),
    }
    found
}

/// What useradd and adduser read, as the file changes it before: the final stage has the base's.
pub(super) fn changed_defaults(parts: &Parts<'_, '_>, account: &Effect<'_>) -> Option<String> {
    const READ: &[&str] = &["/etc/adduser.conf", "/etc/default/useradd", "/etc/login.defs", "/etc/skel"];
    if !matches!(account.kind, Kind::Account) {
        return None;
    }
    let start = account.cmd.span.start;
    let is_read = |path: &String| READ.iter().any(|read| within(path, read));
    let case = parts.case;
    let copied = case.steps().filter(|(_, inst)| inst.span.start < start).find_map(|(step, inst)| {
        let placed = super::placed::of_transfer(case, step, inst).unwrap_or_default();
        placed.into_iter().map(|placed| placed.path).find(is_read)
    });
    copied.or_else(|| {
        parts.effects.iter().filter(|effect| effect.cmd.span.start < start).find_map(|effect| match &effect.kind {
            Kind::Write(paths) => paths.iter().find(|path| is_read(path)).cloned(),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_made_where_it_is_said() {
        for (text, alpine, debian) in [
            ("adduser -D app", true, true),
            ("adduser -S -G web app", true, true),
            ("adduser -DH app", false, true),
            ("adduser -h /srv app", false, true),
            ("adduser --disabled-password --gecos= app", true, true),
            ("adduser --system app", false, false),
            ("adduser --no-create-home app", false, false),
            ("adduser --home=/srv app", false, false),
            ("useradd app", false, false),
            ("useradd -m -u 1000 app", true, true),
            ("useradd --create-home app", true, true),
            ("useradd -md /srv app", false, false),
            ("addgroup app", false, false),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            let found = [true, false].map(|alpine| makes_home(words[0], &words[1..], alpine));
            assert_eq!(found, [alpine, debian], "{text}");
        }
    }

    #[test]
    fn accounts_are_made_and_named_by_words() {
        for (text, named, made) in [
            ("adduser -D app", "", "app"),
            ("adduser -S -D -H -h /app -G web app", "web", "app"),
            ("adduser --system --group --home /app app", "", "app"),
            ("adduser app docker", "app docker", ""),
            ("addgroup -g 1000 -S app", "", "app"),
            ("addgroup app docker", "app docker", ""),
            ("useradd -r -u 1000 -g web -s /bin/false app", "web", "app"),
            ("usermod -aG postgres,redis app", "postgres redis app", ""),
            ("usermod --groups=postgres app", "postgres app", ""),
            ("groupadd -f app", "", "app"),
            ("deluser app", "app", ""),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            let found = of_words(words[0], &words[1..]);
            assert_eq!((found.named.join(" "), found.made.join(" ")), (named.to_string(), made.to_string()), "{text}");
        }
    }
}
