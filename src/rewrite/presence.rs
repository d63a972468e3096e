//! Whether a path that a program reads is in the image today: "nothing is lost" is only said where the base does not
//! bring it and every command of the build is understood and does not make it.

use super::case::Case;
use super::effects::{Effect, Kind};
use super::needs::Claim;
use super::packages;
use super::paths::{is_system_dir, join, within};
use super::placed::{Placed, of_transfer, removed_later};
use super::releases::Ground;
use crate::syntax::Body;
use crate::text::Span;

/// What is known of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// The file put it there. This is what a COPY names: the path itself, or the directory that a command filled.
    Made(String),
    /// It may be there; why, and where that can be looked up.
    Perhaps(Claim),
    /// Every container has it: from the engine, or from each base.
    Everywhere,
    Absent,
}

/// The build stage as far as it is known.
pub(super) struct Image<'c, 'a> {
    pub case: &'c Case<'a>,
    pub ground: Option<&'c Ground>,
    pub effects: &'c [Effect<'a>],
}

impl Image<'_, '_> {
    pub fn presence(&self, path: &str) -> Presence {
        if everywhere(path) {
            // What the engine mounts hides what the file made of it.
            let mounted = matches!(path, "/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf" | "/tmp");
            let own = if mounted || !path.starts_with("/etc/") { None } else { self.made(path) };
            return own.unwrap_or(Presence::Everywhere);
        }
        let of_base = self.of_base(path);
        if let Some(link) = self.through_link(path) {
            let text = format!("{path} leads through the symbolic link {link}, which is not followed");
            return Presence::Perhaps(Claim::at(text, self.case.base_span()));
        }
        if let Some((link, end)) = super::symlinks::follow(&self.case.walk, path)
            && end != path
        {
            // A COPY of the path brings what the link leads to.
            return match self.presence(&end) {
                _ if !link.sure => {
                    let text = format!("whether {} is a link to {} is not sure", link.path, link.target);
                    Presence::Perhaps(Claim::at(text, link.span))
                }
                Presence::Made(made) if made == end => Presence::Made(path.to_string()),
                found => found,
            };
        }
        match self.made(path) {
            // A directory of the base that the file adds to: what of it is whose cannot be told.
            Some(Presence::Made(made))
                if of_base && made == path && !self.is_one_file(path) && !self.is_destination(path) => {}
            Some(found) => return found,
            None => {}
        }
        if of_base {
            let text = format!("{path} may be of the base image or of one of its packages");
            return Presence::Perhaps(Claim::at(text, self.case.base_span()));
        }
        if let Some((name, span)) = self.of_package(path) {
            return Presence::Perhaps(Claim::at(format!("{path} may be of the package {name}"), span));
        }
        match self.unknown_maker(path) {
            Some((what, span)) => Presence::Perhaps(Claim::at(format!("{what} may make {path}"), span)),
            None => Presence::Absent,
        }
    }

    /// The path, as COPY, ADD and the commands that are understood show it.
    fn made(&self, path: &str) -> Option<Presence> {
        let case = self.case;
        if let Some(tree) = case.tree()
            && (tree.is_file(path) || tree.under(path).next().is_some())
        {
            let perhaps = self.only_perhaps(path);
            return Some(perhaps.unwrap_or_else(|| Presence::Made(path.to_string())));
        }
        let mut found = None;
        for effect in self.effects {
            let (paths, fills) = match &effect.kind {
                Kind::Write(paths) => (paths, true),
                Kind::Make(paths) => (paths, false),
                _ => continue,
            };
            for made in paths {
                let hit = within(made, path) || (fills && within(path, made) && !is_system_dir(made));
                if !hit || removed_later(case, self.effects, effect.cmd.span.start, made) {
                    continue;
                }
                if effect.cmd.conditional {
                    let text = format!("{path} is made only under a condition");
                    found.get_or_insert(Presence::Perhaps(Claim::at(text, effect.cmd.span)));
                } else {
                    let whole = if within(made, path) { path } else { made };
                    return Some(Presence::Made(whole.to_string()));
                }
            }
        }
        found.or_else(|| self.transferred(path))
    }

    /// The symbolic link of the build context that the path is or lies behind: a COPY of it brings the link or what it
    /// leads to, by the engine.
    fn through_link(&self, path: &str) -> Option<String> {
        let tree = self.case.tree()?;
        let ends = path.match_indices('/').skip(1).map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).find(|part| tree.is_link(part)).map(String::from)
    }

    fn is_one_file(&self, path: &str) -> bool {
        self.case.tree().is_some_and(|tree| tree.is_file(path))
            || self.effects.iter().any(|effect| {
                matches!(&effect.kind, Kind::Write(paths) | Kind::Make(paths) if paths.iter().any(|made| made == path))
            })
    }

    /// A COPY of the file puts its sources there or above: whoever else did so, the directory is carried whole.
    fn is_destination(&self, path: &str) -> bool {
        self.case.steps().filter(|(_, inst)| inst.transfer().is_some()).any(|(step, inst)| {
            let placed = of_transfer(self.case, step, inst).unwrap_or_default();
            placed.iter().any(|placed| within(path, &placed.path) && !is_system_dir(&placed.path))
        })
    }

    /// A file that only a command under a condition left: no COPY may name it.
    fn only_perhaps(&self, path: &str) -> Option<Presence> {
        let tree = self.case.tree()?;
        if !matches!(tree.origin(path), Some(crate::context::tree::Origin::Made)) {
            return None;
        }
        let writes = |effect: &&Effect<'_>| matches!(&effect.kind, Kind::Write(paths) | Kind::Make(paths) if paths.iter().any(|made| made == path));
        let mut writers = self.effects.iter().filter(writes).peekable();
        writers.peek()?;
        let last = self.effects.iter().rfind(|effect| writes(effect))?;
        writers.all(|effect| effect.cmd.conditional).then(|| {
            let text = format!("{path} is made only under a condition");
            Presence::Perhaps(Claim::at(text, last.cmd.span))
        })
    }

    /// What COPY and ADD bring from elsewhere than the listed context: other images, URLs, archives.
    fn transferred(&self, path: &str) -> Option<Presence> {
        for (step, inst) in self.case.steps() {
            let Some(transfer) = inst.transfer() else { continue };
            let archive = |text: &str| text.contains(".tar") || text.ends_with(".tgz");
            let foreign = inst.flag("from").is_some()
                || transfer.sources.iter().any(|source| source.text.contains("://"))
                || matches!(inst.body, Body::Add(_)) && transfer.sources.iter().any(|source| archive(&source.text));
            if !foreign && self.case.tree().is_some() {
                continue;
            }
            let hit = |placed: &Placed| within(path, &placed.path) || within(&placed.path, path);
            match of_transfer(self.case, step, inst) {
                Ok(placed) => {
                    if let Some(placed) = placed.iter().find(|placed| hit(placed)) {
                        // Without the context it is the user who says that the file is there.
                        let whole = if foreign && within(path, &placed.path) { &placed.path } else { path };
                        return Some(Presence::Made(whole.to_string()));
                    }
                }
                Err(refusal) => {
                    let text = format!("{path} may come with a COPY or ADD whose files are not known");
                    return Some(Presence::Perhaps(Claim::at(text, refusal.span)));
                }
            }
        }
        None
    }

    /// The base image may have it by itself.
    pub fn of_base(&self, path: &str) -> bool {
        let unknown = self.ground.is_none_or(|ground| ground.toolchain_image && !ground.golang);
        if unknown && !within(path, &self.case.workdir) {
            return of_distribution(path)
                || ["/home", "/opt", "/root", "/usr", "/etc", "/var"].iter().any(|dir| within(path, dir));
        }
        of_distribution(path)
    }

    /// The first package that may bring a path below the directories of the system.
    fn of_package(&self, path: &str) -> Option<(String, Span)> {
        if !["/etc", "/opt", "/srv", "/usr", "/var", "/lib"].iter().any(|dir| within(path, dir)) {
            return None;
        }
        for effect in self.effects {
            let Kind::Install(install) = &effect.kind else { continue };
            for package in &install.packages {
                let name = package.name.as_str();
                let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'));
                let related = !stem.is_empty() && path.contains(stem);
                let known = packages::builds_only(name)
                    || packages::is_dev(name)
                    || packages::in_static(name)
                    || packages::brings_no_compiler(name);
                if related || !known || !package.literal {
                    return Some((name.to_string(), effect.cmd.span));
                }
            }
        }
        None
    }

    /// A command that nobody followed and that may have made the path.
    fn unknown_maker(&self, path: &str) -> Option<(String, Span)> {
        let case = self.case;
        if within(path, "/run") || within(path, "/var/run") {
            // Mounted or made when the container starts.
            return None;
        }
        for untracked in &case.walk.untracked {
            let effect = self.effects.iter().find(|effect| effect.cmd.span == untracked.span);
            if effect.is_none_or(|effect| self.may_make(effect, path)) {
                return Some((format!("`{}`", untracked.what), untracked.span));
            }
        }
        let makes = |effect: &&Effect<'_>| match &effect.kind {
            Kind::Unknown(_) => true,
            Kind::Unpack(dir) => within(path, dir),
            _ => false,
        };
        if let Some(effect) = self.effects.iter().find(makes) {
            return Some((format!("`{}`", effect.cmd.name.text), effect.cmd.span));
        }
        case.runs()
            .find(|(step, _)| step.script.as_ref().is_none_or(|script| script.opaque.is_some()))
            .map(|(_, inst)| ("a RUN that is not understood".to_string(), inst.content))
    }

    /// Whether a command that the walk did not follow may have made a path.
    fn may_make(&self, effect: &Effect<'_>, path: &str) -> bool {
        let case = self.case;
        match &effect.kind {
            Kind::Unknown(_) => true,
            Kind::Build => {
                let name = effect.cmd.name.text.as_str();
                let anywhere = matches!(
                    name,
                    "make" | "gmake" | "mage" | "task" | "just" | "go" | "xargs" | "find" | "sh" | "bash" | "ash"
                ) || case.source.slice(effect.cmd.name.span).contains('/')
                    || effect.cmd.args.iter().any(|arg| {
                        let text = arg.text.as_str();
                        text.starts_with('/') || text.contains("..") || text.contains('$') || text.contains("=/")
                    });
                let Some(workdir) = effect.step.workdir.as_deref() else { return true };
                let dir = effect.cmd.dir.as_deref().map(|dir| join(workdir, dir));
                anywhere
                    || within(path, workdir)
                    || within(path, &case.workdir)
                    || dir.is_none_or(|dir| within(path, &dir))
            }
            Kind::Unpack(dir) => within(path, dir),
            // The paths of these were looked at.
            _ => false,
        }
    }
}

/// What the engine mounts, and what each of the final bases has.
fn everywhere(path: &str) -> bool {
    const FILES: &[&str] = &[
        "/etc/group",
        "/etc/hostname",
        "/etc/hosts",
        "/etc/nsswitch.conf",
        "/etc/os-release",
        "/etc/passwd",
        "/etc/resolv.conf",
        "/tmp",
    ];
    FILES.contains(&path) || ["/dev", "/proc", "/sys"].iter().any(|dir| within(path, dir))
}

/// A path that the Debian and Alpine images of Go have, or may have.
fn of_distribution(path: &str) -> bool {
    const EMPTY: &[&str] =
        &["/home", "/media", "/mnt", "/opt", "/srv", "/tmp", "/run", "/go/bin", "/go/src", "/boot", "/var/tmp"];
    if EMPTY.contains(&path) {
        return false;
    }
    if is_system_dir(path) || path == "/go" {
        return true;
    }
    let first = |dir: &str| path.strip_prefix(dir).and_then(|rest| rest.split('/').next());
    if let Some(name) = first("/etc/") {
        return ETC.contains(&name)
            || ["rc", "cron", "python", "ImageMagick", "ssl", "ld.so", "."]
                .iter()
                .any(|start| name.starts_with(start));
    }
    if let Some(name) = first("/usr/local/") {
        let deeper = path.strip_prefix("/usr/local/").and_then(|rest| rest.split('/').nth(1));
        return match (name, deeper) {
            ("go" | "lib" | "man" | "python" | "include", _) | ("share" | "bin" | "etc" | "src" | "sbin", None) => true,
            ("share", Some(name)) => matches!(name, "ca-certificates" | "fonts" | "man" | "perl" | "sgml" | "xml"),
            _ => false,
        };
    }
    if let Some(name) = first("/usr/") {
        // /usr/src is empty; /usr/app is of no distribution.
        const USR: &[&str] =
            &["bin", "games", "include", "lib", "lib32", "lib64", "libexec", "libx32", "sbin", "share"];
        return USR.contains(&name);
    }
    if let Some(name) = first("/var/lib/") {
        return VAR_LIB.contains(&name);
    }
    if let Some(name) = first("/var/log/") {
        return matches!(name, "apt" | "btmp" | "faillog" | "lastlog" | "wtmp")
            || matches!(name, "alternatives.log" | "bootstrap.log" | "dpkg.log" | "fontconfig.log");
    }
    if let Some(name) = first("/var/cache/") {
        return matches!(name, "apk" | "apt" | "debconf" | "fontconfig" | "ldconfig" | "man" | "misc");
    }
    if let Some(name) = first("/var/") {
        return matches!(name, "backups" | "db" | "empty" | "games" | "lock" | "mail" | "spool" | "local" | "opt");
    }
    if let Some(name) = first("/root/") {
        let deeper = path.split('/').nth(3);
        return match name {
            // The go command notes there whether it may count its calls.
            ".config" => deeper.is_none_or(|name| name == "go"),
            _ => OF_ROOT.contains(&name),
        };
    }
    if let Some(name) = first("/home/") {
        // Ubuntu has one user; a new one gets what /etc/skel has.
        let file = path.rsplit('/').next().unwrap_or("");
        return name == "ubuntu"
            || matches!(file, ".bashrc" | ".profile" | ".bash_logout")
            || path.matches('/').count() == 2;
    }
    ["/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr", "/go/pkg"].iter().any(|dir| within(path, dir))
}

#[rustfmt::skip]
/// What the images of Debian, Alpine and Go have in the home of root, or what their programs leave there.
const OF_ROOT: &[&str] = &[
    ".ash_history", ".bash_history", ".bash_logout", ".bashrc", ".cache", ".gnupg", ".local", ".npm", ".profile",
    ".python_history", ".ssh", ".subversion", ".vim", ".viminfo", ".wget-hsts", "go",
];

/// /etc of the golang images and what stands below them, on Debian and on Alpine.
#[rustfmt::skip]
const ETC: &[&str] = &[
    "X11", "adduser.conf", "alpine-release", "alternatives", "apk", "apparmor", "apparmor.d", "apt", "bash", "bash.bashrc",
    "bash_completion.d", "bindresvport.blacklist", "busybox-paths.d", "ca-certificates", "ca-certificates.conf", "conf.d",
    "crontabs", "dbus-1", "debconf.conf", "debian_version", "default", "deluser.conf", "dhcp", "dpkg", "e2scrub.conf",
    "emacs", "environment", "fonts", "fstab", "gai.conf", "gitconfig", "glvnd", "group-", "gshadow", "gshadow-", "gss",
    "gtk-2.0", "gtk-3.0", "host.conf", "hosts.allow", "hosts.deny", "init.d", "inittab", "inputrc", "issue", "issue.net",
    "kernel", "ldap", "libaudit.conf", "libnl-3", "localtime", "login.defs", "logrotate.conf", "logrotate.d", "lsb-release",
    "machine-id", "magic", "magic.mime", "mailcap", "mailcap.order", "mercurial", "mime.types", "mke2fs.conf", "modprobe.d",
    "modules", "modules-load.d", "motd", "mtab", "mysql", "netconfig", "network", "networks", "openal", "opt", "pam.conf",
    "pam.d", "papersize", "passwd-", "perl", "periodic", "pki", "profile", "profile.d", "protocols", "pulse", "rmt", "rpc",
    "secfixes.d", "securetty", "security", "selinux", "sensors.d", "sensors3.conf", "services", "sgml", "shadow", "shadow-",
    "shells", "skel", "ssh", "subgid", "subgid-", "subuid", "subuid-", "subversion", "sysctl.conf", "sysctl.d", "systemd",
    "terminfo", "timezone", "tmpfiles.d", "ucf.conf", "udhcpc", "udhcpd.conf", "update-motd.d", "vulkan", "wgetrc",
    "xattr.conf", "xdg", "xml",
];

#[rustfmt::skip]
const VAR_LIB: &[&str] = &[
    "apk", "apt", "aspell", "dbus", "dictionaries-common", "dpkg", "emacsen-common", "ghostscript", "git", "initramfs-tools",
    "insserv", "misc", "pam", "polkit-1", "private", "python", "sgml-base", "shells.state", "systemd", "ucf", "udhcpd",
    "usbutils", "vim", "xml-core",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_base_are_told_from_those_that_only_a_file_could_put_there() {
        for path in ["/", "/etc", "/etc/debian_version", "/usr/share/dict/words", "/usr/lib/x", "/var", "/var/log"] {
            assert!(of_distribution(path), "{path}");
        }
        for path in [
            "/etc/app/config.yml",
            "/usr/src/app",
            "/usr/app/x",
            "/srv",
            "/srv/x",
            "/opt/a",
            "/app/x",
            "/var/lib/app",
            "/home/dev/x",
            "/data",
        ] {
            assert!(!of_distribution(path), "{path}");
        }
        assert!(everywhere("/etc/hosts") && everywhere("/proc/meminfo") && !everywhere("/etc/app.conf"));
    }
}
