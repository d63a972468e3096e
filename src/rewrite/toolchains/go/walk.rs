//! Follows a build stage from instruction to instruction: which files stand where, which programs `go` wrote, and what
//! `mv`, `cp`, `ln`, `strip`, `upx`, `rm` made of them. Makefiles and shell scripts of the context are looked into.

mod arguments;
mod cgo;
mod environment;
mod installs;
mod moves;

use std::ops::Range;
use std::sync::LazyLock;

use super::super::super::paths::within;
use super::build::{self, Scene};
use super::{Cgo, Chosen, GoBuild, GoKind, GoOutput, Outputs, Setting, files, generate, makefile};
use crate::context::BuildContext;
use crate::context::tree::{ImageTree, Origin, Taken, join};
use crate::model::{Env, Mount, MountKind, Source};
use crate::shell::{Assignment, Dialect, Script, ShellCommand, ShellWord, parse_text};
use crate::text::{MappedText, SourceFile, Span};

static EMPTY: LazyLock<BuildContext> = LazyLock::new(|| BuildContext::in_memory(&[]));

/// A program that stands in the build stage now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Absolute path.
    pub path: String,
    /// Index into `Walk::builds`.
    pub build: usize,
    pub output: GoOutput,
    /// A symbolic link to another path: both have to be copied.
    pub link_to: Option<String>,
    /// What was done to the file since: `strip`, `upx`, `setcap`, `chmod`, … with the place.
    pub changes: Vec<(String, Span)>,
    /// Nothing on the way was guessed: a sure output, moved by unconditional commands with known words.
    pub proved: bool,
    /// `GoOutput::named`, and the moves since are sure.
    pub named: bool,
}

/// A symbolic link that a command made and that is still there at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symlink {
    /// Absolute path of the link.
    pub path: String,
    /// What it leads to, absolute.
    pub target: String,
    /// Of the command of the Dockerfile that makes it, by itself or through a script.
    pub span: Span,
    /// A command of the Dockerfile itself makes it, and surely so.
    pub sure: bool,
}

/// A command whose effect on the files is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untracked {
    pub span: Span,
    /// Its name, or `make build` and why it could not be followed.
    pub what: String,
}

impl Untracked {
    /// It is there to make Go files, which nobody has read then.
    pub fn makes_go_files(&self) -> bool {
        let name = self.what.split(' ').next().unwrap_or("");
        self.what.starts_with("go generate") || self.what == "go run" || generate::is_generator(name)
    }

    /// And these surely read or start something.
    pub fn uses_files(&self) -> bool {
        ["io/ioutil", "os", "os/exec"].iter().any(|name| self.what.ends_with(&format!(" imports {name})")))
    }
}

#[derive(Clone, Debug)]
pub struct Walk<'a> {
    pub tree: ImageTree<'a>,
    pub has_context: bool,
    pub go_version: Option<(u32, u32)>,
    pub builds: Vec<GoBuild>,
    pub programs: Vec<Made>,
    pub untracked: Vec<Untracked>,
    pub symlinks: Vec<Symlink>,
    /// Packages that a script, a recipe or xargs installs: which ones no instruction says.
    pub installs: Vec<Untracked>,
    go_env: Vec<(String, String)>,
    /// The files as the builds of a RUN with a bind mount saw them.
    seen: Vec<(Range<usize>, ImageTree<'a>)>,
}

/// A mount of a RUN, and what it hides.
#[derive(Clone, Debug)]
pub struct Mounted {
    target: String,
    hidden: Taken,
    programs: Vec<Made>,
    of_context: bool,
}

/// Where a command stands when it comes from a file of the context and not from the Dockerfile.
#[derive(Clone, Copy)]
struct Within<'w> {
    /// What the spans of the commands lead to.
    source: &'w SourceFile,
    /// `Makefile`, `build.sh`.
    file: Option<&'w str>,
    /// Of the command of the Dockerfile that runs it.
    span: Span,
    depth: u32,
    conditional: bool,
    /// Why the environment may be another one than it seems.
    doubt: Option<&'w str>,
}

impl<'a> Walk<'a> {
    pub fn new(context: Option<&'a BuildContext>, go_version: Option<(u32, u32)>) -> Walk<'a> {
        let mut tree = ImageTree::new(context.unwrap_or(&EMPTY));
        if context.is_none() {
            tree.gaps.push("the build context was not read".into());
        }
        Walk {
            tree,
            has_context: context.is_some(),
            go_version,
            builds: Vec::new(),
            programs: Vec::new(),
            untracked: Vec::new(),
            symlinks: Vec::new(),
            installs: Vec::new(),
            go_env: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// The programs at a path.
    pub fn at<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s Made> {
        self.programs.iter().filter(move |made| made.path == path)
    }

    /// Runs the commands of one RUN; `source` is the Dockerfile.
    pub fn run(&mut self, source: &SourceFile, script: &Script, workdir: Option<&str>, env: &Env) {
        let span = script.commands.first().map_or(Span::default(), |first| first.span);
        let mut own = script.clone();
        let end = script.commands.iter().map(|command| command.span.end).max().unwrap_or(span.end);
        if cgo::takes_away(source.slice(Span::new(span.start, end))) {
            own.commands.iter_mut().for_each(cgo::forget);
        }
        let script = &own;
        self.script(
            script,
            workdir,
            env,
            Within { source, file: None, span, depth: 0, conditional: false, doubt: None },
        );
    }

    /// A mount of a RUN begins: what stands at the path is hidden, and a bind mount of the context brings its files.
    pub fn mount(&mut self, mount: &Mount) -> Option<Mounted> {
        let of_context = mount.kind == MountKind::Bind && mount.from == Source::Context;
        let Some(target) = mount.target.clone() else {
            if !matches!(mount.kind, MountKind::Secret | MountKind::Ssh) {
                self.tree.gaps.push("a mount whose place is not known".into());
            }
            return None;
        };
        let hidden = self.tree.take(&target);
        let below = |made: &Made| within(&made.path, &target);
        let programs = self.programs.extract_if(.., |made| below(made)).collect();
        if of_context && self.has_context {
            match &mount.source {
                Some(source) if self.tree.lay_over(source, &target) => {}
                Some(source) => self.tree.gaps.push(format!("`{source}` is mounted and not in the build context")),
                None => self.tree.gaps.push("what a mount brings is not known".into()),
            }
        } else if mount.kind == MountKind::Bind {
            self.tree.gaps.push("a mount of another image".into());
        }
        Some(Mounted { target, hidden, programs, of_context })
    }

    /// The mounts of a RUN end: what was written there is gone, and what they hid is there again. The builds of this RUN
    /// (those from `first`) saw what the context brought.
    pub fn unmount(&mut self, mounts: Vec<Mounted>, first: usize) {
        if mounts.iter().any(|mount| mount.of_context) && self.builds.len() > first {
            self.seen.push((first..self.builds.len(), self.tree.clone()));
        }
        for mount in mounts.into_iter().rev() {
            self.remove(&mount.target);
            self.tree.put_back(mount.hidden);
            self.programs.extend(mount.programs);
        }
    }

    /// The files that a build saw, where a mount had brought some that are gone now.
    pub fn seen_by(&self, build: usize) -> Option<ImageTree<'a>> {
        let (_, seen) = self.seen.iter().find(|(builds, _)| builds.contains(&build))?;
        let (gaps, unknown) = (self.tree.gaps.clone(), self.tree.unknown.clone());
        let mut seen = seen.clone();
        (seen.gaps, seen.unknown) = (gaps, unknown);
        Some(seen)
    }

    fn script(&mut self, script: &Script, workdir: Option<&str>, env: &Env, within: Within<'_>) {
        if let Some(reason) = &script.opaque {
            self.unsure(within.span, format!("shell text: {reason}"));
        }
        if !matches!(script.dialect, Dialect::Posix | Dialect::Bash) {
            self.unsure(within.span, "a script that is no shell script".into());
            return;
        }
        // The shell view does not know the variables of the Dockerfile, so `cd $GOPATH/src/app` is followed here.
        let mut cwd = workdir.map(String::from);
        // How many assignments stood in front of the last command that may have set others.
        let mut sourced: Option<usize> = None;
        // The ARG that said which directory the commands since then work in.
        let mut chosen: Option<Chosen> = None;
        for command in &script.commands {
            let mut command = command.clone();
            let mut within = within;
            if let Some(count) = sourced {
                within.doubt.get_or_insert("its environment is not known");
                if !command.env.iter().skip(count).any(|set| set.name == "CGO_ENABLED") {
                    let value = ShellWord { text: makefile::UNKNOWN.into(), ..command.name.clone() };
                    let value = ShellWord { literal: false, ..value };
                    let set = Assignment { span: command.name.span, name: "CGO_ENABLED".into(), value };
                    std::sync::Arc::make_mut(&mut command.env).push(set);
                }
            }
            if command.dir.is_none() && command.depth == 0 {
                command.dir = cwd.clone();
            }
            let scene = self.scene(workdir, env);
            let dir = match command.dir.as_deref() {
                Some(dir) if dir.starts_with('/') => Some(join("/", dir)),
                Some(dir) => workdir.map(|workdir| join(workdir, dir)),
                None => None,
            };
            if command.name.text == "cd" && command.depth == 0 {
                let target = command.args.iter().find(|arg| !arg.text.starts_with('-'));
                let by = target.and_then(|arg| build::argument_in(arg, &command, &scene));
                chosen = by.map(|by| Chosen { by, below: None }).or(chosen);
                let target = target.and_then(|arg| build::expand(arg, &command, &scene));
                cwd = dir.clone().zip(target).map(|(dir, target)| join(&dir, &target));
            }
            let place = Within {
                span: if within.file.is_some() { within.span } else { command.span },
                conditional: within.conditional || command.conditional,
                ..within
            };
            let first = self.builds.len();
            self.command(&command, dir.as_deref(), workdir, env, place);
            for build in self.builds.iter_mut().skip(first).filter(|_| chosen.is_some()) {
                build.chosen.clone_from(&chosen);
            }
            if self.sets_environment(&command, dir.as_deref()) {
                sourced = Some(command.env.len());
            }
        }
    }

    fn scene<'s>(&'s self, workdir: Option<&'s str>, env: &'s Env) -> Scene<'s> {
        Scene {
            workdir,
            env,
            go_env: &self.go_env,
            tree: self.has_context.then_some(&self.tree),
            go_version: self.go_version,
        }
    }

    fn command(
        &mut self,
        command: &ShellCommand,
        dir: Option<&str>,
        workdir: Option<&str>,
        env: &Env,
        within: Within<'_>,
    ) {
        let first = self.builds.len();
        self.effects_of(command, dir, workdir, env, within);
        let argument = |word: &ShellWord| build::argument_in(word, command, &self.scene(workdir, env));
        // A variable of make is followed into the recipes; another word may say anything.
        let mut words = command.args.iter().filter(|arg| command.name.text != "make" || !arg.text.contains('='));
        if let Some(by) = words.find_map(argument) {
            for build in self.builds.iter_mut().skip(first).filter(|build| build.within.is_some()) {
                build.chosen.get_or_insert(Chosen { by: by.clone(), below: None });
                build.open_tags.get_or_insert(format!("the ARG {by}"));
            }
        }
        // CGO_ENABLED=0 in front of make or of a script works only where nothing in there sets it again.
        let open = |build: &GoBuild| build.within.is_some() && build.cgo == Cgo::Default;
        if within.file.is_none() && self.builds.iter().skip(first).any(open) {
            let mut probe = self.clone();
            probe.builds.truncate(first);
            let mut command = command.clone();
            let value = ShellWord { text: "0".into(), literal: true, ..ShellWord::default() };
            command.assignments.push(Assignment { span: command.name.span, name: "CGO_ENABLED".into(), value });
            probe.effects_of(&command, dir, workdir, env, within);
            for (index, build) in self.builds.iter_mut().enumerate().skip(first) {
                build.takes_cgo_off = probe.builds.get(index).is_some_and(|probe| probe.cgo == Cgo::Off);
            }
        }
    }

    fn effects_of(
        &mut self,
        command: &ShellCommand,
        dir: Option<&str>,
        workdir: Option<&str>,
        env: &Env,
        within: Within<'_>,
    ) {
        self.redirects(command, dir, workdir, env);
        let name = command.name.text.as_str();
        if installs::is_install(command) && (within.file.is_some() || name == "xargs") {
            let words: Vec<&str> = command.args.iter().map(|arg| arg.text.as_str()).collect();
            let what = format!("{name} {}", words.join(" "));
            self.installs.push(Untracked { span: within.span, what });
        }
        let words: Option<Vec<String>> = {
            let scene = self.scene(workdir, env);
            let word = |arg: &ShellWord| match build::expand(arg, command, &scene) {
                // The shell expands globs; here that is done with what is known of the files.
                None if !arg.text.contains(['$', '`']) => Some(arg.text.clone()),
                found => found,
            };
            command.args.iter().map(word).collect()
        };
        match (name, dir, words) {
            ("go", ..) => self.go(command, workdir, env, within),
            ("make", Some(dir), Some(words)) => self.make(command, &words, dir, env, within),
            ("sh" | "bash" | "ash" | "dash" | "source" | ".", Some(dir), Some(words)) => {
                match words.iter().position(|word| !word.starts_with('-')) {
                    Some(at) => {
                        let sourced = matches!(name, "source" | ".");
                        let path = join(dir, words.get(at).map_or("", String::as_str));
                        let args = words.get(at + 1..).filter(|_| !sourced);
                        self.script_file(&path, args, dir, env, command, within);
                    }
                    None => self.unsure(within.span, name.into()),
                }
            }
            (_, Some(dir), words) if self.is_script(dir, command, within.source) => {
                let path = join(dir, within.source.slice(command.name.span));
                self.script_file(&path, words.as_deref(), dir, env, command, within);
            }
            (_, Some(dir), Some(words)) if files::is_file_command(name) => {
                let sure = !within.conditional && !command.opaque;
                if !self.file_command(name, &words, dir, sure, within) {
                    self.unsure(within.span, name.into());
                }
            }
            _ if files::leaves_files_alone(name, command) => {}
            (_, Some(dir), Some(words)) if !within.conditional && !command.opaque => {
                self.generator(name, &words, dir, within.span);
            }
            _ => self.unsure(within.span, name.into()),
        }
    }

    /// `templ generate`: a generator of Go files, run by itself.
    fn generator(&mut self, name: &str, words: &[String], dir: &str, span: Span) {
        let beside: Vec<String> = self.tree.files_in(dir).map(|(name, _)| name.to_string()).collect();
        // A program of the sources may have the name of a generator.
        let own = |made: &Made| !made.output.package.contains('@') && made.path.rsplit('/').next() == Some(name);
        let known = self.has_context && !self.programs.iter().any(own);
        if known && generate::writes_only_go(name, words, &beside) {
            return;
        }
        self.unsure(span, name.into());
        if let Some(path) = generate::swagger(words, dir).filter(|_| known && name == "swag") {
            let dir = path.rsplit_once('/').map_or("/", |(dir, _)| dir);
            if !self.tree.files_in(dir).any(|(name, _)| name.ends_with(".go")) {
                let text = "package docs\n\nimport \"github.com/swaggo/swag\"\n";
                self.tree.insert(&path, Origin::Text(text.into()));
            }
        }
    }

    fn unsure(&mut self, span: Span, what: String) {
        if !what.is_empty() {
            self.tree.unknown.push(what.clone());
            self.untracked.push(Untracked { span, what });
        }
    }

    fn redirects(&mut self, command: &ShellCommand, dir: Option<&str>, workdir: Option<&str>, env: &Env) {
        for redirect in command.redirects.iter().chain(command.outer_redirects.iter()) {
            if !redirect.operator.contains('>') || redirect.operator.ends_with('&') {
                continue;
            }
            let target = build::expand(&redirect.target, command, &self.scene(workdir, env));
            if let Some((dir, target)) = dir.zip(target)
                && !target.starts_with("/dev/")
            {
                self.tree.insert(&join(dir, &target), Origin::Made);
            }
        }
    }

    fn go(&mut self, command: &ShellCommand, workdir: Option<&str>, env: &Env, within: Within<'_>) {
        let Some(mut build) = build::read(command, &self.scene(workdir, env)) else { return };
        if within.conditional {
            build.unsure.get_or_insert("it runs only perhaps, or more than once".into());
        }
        if let Some(doubt) = within.doubt {
            build.unsure.get_or_insert(doubt.into());
        }
        if let Some(file) = within.file {
            build.within = Some(file.to_string());
            build.span = within.span;
            build.insert_at = None;
            if let Some(ldflags) = &mut build.ldflags {
                ldflags.span = Span::default();
            }
        }
        self.go_env.extend(build.env_writes.iter().cloned());
        if let (Some(dir), Some(module)) = (&build.dir, &build.mod_init) {
            self.tree.insert(&join(dir, "go.mod"), Origin::Text(format!("module {module}\n")));
        }
        let init = build.kind == GoKind::Mod && command.args.iter().any(|arg| arg.text == "init");
        if init && build.mod_init.is_none() {
            self.tree.unknown.push("`go mod init` takes the name from elsewhere".into());
        }
        match build.kind {
            GoKind::Run => self.unsure(within.span, "go run".into()),
            GoKind::Generate if !self.has_context => self.unsure(within.span, "go generate".into()),
            GoKind::Generate => {
                if let Err(reason) = generate::leaves(&self.tree, &build) {
                    self.unsure(within.span, format!("go generate ({reason})"));
                }
            }
            _ => {}
        }
        let index = self.builds.len();
        if let Outputs::Files(outputs) = &build.outputs {
            let sure = build.unsure.is_none();
            for output in outputs.clone() {
                self.tree.insert(&output.path, Origin::Program);
                self.programs.retain(|made| made.path != output.path);
                self.programs.push(Made {
                    path: output.path.clone(),
                    build: index,
                    proved: output.proved && sure,
                    named: output.named && sure,
                    output,
                    link_to: None,
                    changes: Vec::new(),
                });
            }
        }
        self.builds.push(build);
    }

    fn make(&mut self, command: &ShellCommand, words: &[String], dir: &str, env: &Env, within: Within<'_>) {
        let shown = format!("make {}", words.join(" "));
        // What an ARG gives is left to the shell of the recipe, where it is seen that an ARG gives it.
        let words: Vec<String> = words
            .iter()
            .zip(&command.args)
            .map(|(word, arg)| match build::argument_in(arg, command, &self.scene(Some(dir), env)) {
                Some(_) if arg.text.contains('=') => arg.text.clone(),
                _ => word.clone(),
            })
            .collect();
        let mut dir = dir.to_string();
        let mut file = None;
        let mut goals = Vec::new();
        let mut given: Vec<(String, String)> = Vec::new();
        let mut changes_make = None;
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-C" | "--directory" => dir = rest.next().map_or(dir.clone(), |to| join(&dir, to)),
                "-f" | "--file" | "--makefile" => file = rest.next().cloned(),
                "-j" | "-l" => {
                    let count = rest.clone().next().is_some_and(|next| next.bytes().all(|c| c.is_ascii_digit()));
                    if count {
                        rest.next();
                    }
                }
                _ if word.starts_with("--directory=") => dir = join(&dir, word.split_once('=').map_or("", |at| at.1)),
                _ if word.starts_with("--file=") || word.starts_with("--makefile=") => {
                    file = word.split_once('=').map(|(_, name)| name.to_string());
                }
                _ if makefile::is_quiet_flag(word) => {}
                _ if word.starts_with('-') => changes_make = Some("flags of make change what it does"),
                _ => match word.split_once('=') {
                    Some((name, value)) => given.push((name.to_string(), value.to_string())),
                    None => goals.push(word.clone()),
                },
            }
        }
        let names = file
            .map_or_else(|| vec!["GNUmakefile".into(), "makefile".into(), "Makefile".to_string()], |file| vec![file]);
        let found = names.iter().map(|name| join(&dir, name)).find(|path| self.tree.is_file(path));
        let Some((path, text)) = found.and_then(|path| Some((path.clone(), self.tree.read(&path)?))) else {
            return self.unsure(within.span, format!("{shown} (its Makefile is not there to read)"));
        };
        let own = |name: &str| {
            let scene = self.scene(Some(&dir), env);
            match build::setting(name, command, &scene) {
                Setting::To(_) if env.is_changeable(name) => Some(format!("${{{name}}}")),
                Setting::To(value) => Some(value),
                Setting::Unknown => Some(makefile::UNKNOWN.into()),
                Setting::Unset => None,
            }
        };
        let files = |name: &str| {
            let path = join(&dir, name);
            match self.tree.read(&path) {
                Some(text) => makefile::Included::Text(text),
                // A path outside of the build's own directory may be of the base image.
                None if !self.tree.is_file(&path) && path.starts_with(&format!("{dir}/")) && self.is_all_known() => {
                    makefile::Included::Absent
                }
                None => makefile::Included::Unread,
            }
        };
        let scene = makefile::Scene { given: &given, env: &own, files: &files };
        match makefile::recipes(&text, &goals, &scene) {
            Ok(recipes) => {
                let shown = self.tree.shown(&path);
                let doubt = changes_make.or(recipes.doubt.as_deref());
                let within = Within { doubt: doubt.or(within.doubt), ..within };
                for recipe in &recipes.scripts {
                    self.text(recipe, &shown, &dir, env, command, within);
                }
            }
            Err(reason) => self.unsure(within.span, format!("{shown} ({reason})")),
        }
    }

    /// Every file of the tree is known: what is not in it is not there.
    fn is_all_known(&self) -> bool {
        self.has_context && self.tree.context.complete && self.tree.gaps.is_empty() && self.tree.unknown.is_empty()
    }

    /// The word as written: the shell view keeps only the last element of a program's path.
    fn is_script(&self, dir: &str, command: &ShellCommand, source: &SourceFile) -> bool {
        let path = source.slice(command.name.span);
        let full = join(dir, path);
        command.name.literal && path.contains('/') && self.tree.is_file(&full) && self.at(&full).next().is_none()
    }

    /// `args` are the words behind its name, where they are known.
    fn script_file(
        &mut self,
        path: &str,
        args: Option<&[String]>,
        dir: &str,
        env: &Env,
        command: &ShellCommand,
        within: Within<'_>,
    ) {
        let Some(text) = self.tree.read(path) else {
            return self.unsure(within.span, format!("{path} (it is not there to read)"));
        };
        let first = text.lines().next().unwrap_or("");
        if first.starts_with("#!") && !first.trim_end().split([' ', '/']).any(|word| files::SHELLS.contains(&word)) {
            return self.unsure(within.span, format!("{path} (not a shell script)"));
        }
        let shown = self.tree.shown(path);
        let text = match args {
            Some(args) => arguments::filled_in(&text, args),
            None => text,
        };
        self.text(&text, &shown, dir, env, command, within);
    }

    /// Runs shell text of a file of the context.
    fn text(&mut self, text: &str, shown: &str, dir: &str, env: &Env, command: &ShellCommand, within: Within<'_>) {
        if within.depth > 5 {
            return self.unsure(within.span, format!("{shown} (it runs itself)"));
        }
        let source = SourceFile::new(shown, text);
        let mut mapped = MappedText::default();
        mapped.push(&source, Span::new(0, source.len()));
        let mut script = parse_text(&mapped, Dialect::Posix);
        // What the command's own environment brings is in force in the script.
        for inner in &mut script.commands {
            let outer = command.env.iter().chain(&command.assignments).cloned();
            inner.env = std::sync::Arc::new(outer.chain(inner.env.iter().cloned()).collect());
        }
        if cgo::takes_away(text) {
            script.commands.iter_mut().for_each(cgo::forget);
        }
        let within = Within { source: &source, file: Some(shown), depth: within.depth + 1, ..within };
        self.script(&script, Some(dir), env, within);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    const MAIN: &str = "package main\nfunc main() {}\n";

    /// Runs each line as a RUN in /src, and shows the programs.
    fn walk<'a>(context: Option<&'a BuildContext>, runs: &[&str]) -> Walk<'a> {
        let mut walk = Walk::new(context, Some((1, 22)));
        if context.is_some() {
            walk.tree.copy(&["."], "/src/", "/", &Default::default()).unwrap();
        }
        let env = testing::env(&[("PKG", "github.com/a/app")]);
        for run in runs {
            let source = SourceFile::new("Dockerfile", *run);
            let mut mapped = MappedText::default();
            mapped.push(&source, Span::new(0, source.len()));
            walk.run(&source, &parse_text(&mapped, Dialect::Posix), Some("/src"), &env);
        }
        walk
    }

    fn programs(walk: &Walk<'_>) -> String {
        let mut found: Vec<String> =
            walk.programs.iter().map(|made| format!("{}{}", made.path, if made.proved { "" } else { "?" })).collect();
        found.sort();
        found.join(" ")
    }

    fn app(more: &[(&str, &str)]) -> BuildContext {
        let files = [("go.mod", "module x/app\n"), ("main.go", MAIN), ("cmd/a/a.go", MAIN), ("cmd/b/b.go", MAIN)];
        let all: Vec<(&str, &str)> = files.iter().chain(more).copied().collect();
        BuildContext::in_memory(&all)
    }

    #[test]
    fn programs_are_followed_to_their_last_place() {
        let context = app(&[]);
        for (runs, want) in [
            (vec!["go build -o app . && mv app /usr/local/bin/"], "/usr/local/bin/app"),
            (vec!["go build -o app .", "cp app /usr/local/bin/server"], "/src/app /usr/local/bin/server"),
            (vec!["go build -o bin/ ./cmd/...", "cp bin/* /usr/bin/"], "/src/bin/a /src/bin/b /usr/bin/a /usr/bin/b"),
            (vec!["go build", "mkdir -p /out", "mv app /out"], "/out/app"),
            (vec!["go build", "mv app /usr/share/x"], "/usr/share/x?"),
            (vec!["go build && ln -s /src/app /usr/bin/app"], "/src/app /usr/bin/app"),
            (vec!["cd cmd/a && go build -o ../../out/a && cd ../.. && mv out /out"], "/out/a"),
            (vec!["go build -o /app . && rm -rf /src"], "/app"),
            (vec!["go build", "rm app"], ""),
            (vec!["go build && upx -o small app && rm app"], "/src/small"),
            (vec!["go install ./cmd/a", "install -m 755 /go/bin/a /a"], "/a /go/bin/a"),
            (vec!["if test -f x; then go build; fi"], "/src/app?"),
            (vec!["cd $GOPATH && mkdir y && cd /src && go build"], "/src/app"),
        ] {
            assert_eq!(programs(&walk(Some(&context), &runs)), want, "{runs:?}");
        }
        let found = walk(Some(&context), &["go build && strip app && setcap cap_net_raw+ep app"]);
        let changes: Vec<&str> = found.programs[0].changes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(changes, ["strip", "setcap"]);
        assert_eq!(
            walk(Some(&context), &["go build && ln -s app b"]).at("/src/b").next().unwrap().link_to.as_deref(),
            Some("/src/app")
        );
    }

    #[test]
    fn builds_in_makefiles_and_scripts_are_found() {
        let make = "BIN ?= bin/app\nexport CGO_ENABLED=0\nbuild: ## x\n\tgo build -ldflags=-s -o $(BIN) ./cmd/a\n";
        let script = "#!/bin/sh\nset -e\ncd cmd/b\ngo build -o /out/b\n";
        let context = app(&[("Makefile", make), ("scripts/build.sh", script), ("run.py", "#!/usr/bin/python\n")]);
        let found = walk(Some(&context), &["make build"]);
        assert_eq!(programs(&found), "/src/bin/app");
        assert_eq!(found.builds[0].within.as_deref(), Some("Makefile"));
        assert_eq!((found.builds[0].insert_at, &found.builds[0].cgo), (None, &super::super::Cgo::Off));
        assert_eq!(programs(&walk(Some(&context), &["make BIN=/x build"])), "/x");
        for run in ["./scripts/build.sh", "sh scripts/build.sh", "sh ./scripts/build.sh && true"] {
            assert_eq!(programs(&walk(Some(&context), &[run])), "/out/b", "{run}");
        }
        let found = walk(Some(&context), &["./run.py", "make nope", "goreleaser build"]);
        let what: Vec<&str> = found.untracked.iter().map(|found| found.what.as_str()).collect();
        assert_eq!(
            what,
            ["/src/run.py (not a shell script)", "make nope (the Makefile has no target `nope`)", "goreleaser"]
        );
    }

    #[test]
    fn modules_that_the_dockerfile_makes_count() {
        let context = BuildContext::in_memory(&[("main.go", MAIN)]);
        assert_eq!(programs(&walk(Some(&context), &["go mod init dispatch && go install"])), "/go/bin/dispatch");
        assert_eq!(programs(&walk(Some(&context), &["go mod init && go build"])), "");
        assert_eq!(programs(&walk(Some(&context), &["go env -w GO111MODULE=off", "go build"])), "/src/src");
        assert_eq!(
            programs(&walk(
                Some(&context),
                &["mkdir -p /go/src/$PKG && cp main.go /go/src/$PKG && cd /go/src/$PKG && GO111MODULE=off go install"]
            )),
            "/go/bin/app"
        );
    }

    #[test]
    fn cloned_sources_leave_only_named_outputs() {
        let context = BuildContext::in_memory(&[]);
        let clone = "git clone https://example.com/x y && cd y && ";
        assert_eq!(programs(&walk(Some(&context), &[&format!("{clone}go build -o /app .")])), "/app?");
        assert_eq!(programs(&walk(Some(&context), &[&format!("{clone}go build")])), "");
    }

    #[test]
    fn without_a_context_only_what_the_file_says_is_told() {
        assert_eq!(programs(&walk(None, &["go build -o /app . && mv /app /usr/local/bin/x"])), "/usr/local/bin/x?");
        assert_eq!(programs(&walk(None, &["go build"])), "");
    }
}
