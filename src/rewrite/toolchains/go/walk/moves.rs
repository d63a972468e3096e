//! What `cp`, `mv`, `ln`, `rm`, `chmod` and their like make of the files and programs of the build stage.

use super::super::super::super::paths::within;
use super::super::files;
use super::{Made, Symlink, Untracked, Walk, Within};
use crate::context::glob;
use crate::context::tree::{Origin, join};
use crate::text::Span;

impl Walk<'_> {
    pub(super) fn remove(&mut self, path: &str) {
        self.tree.remove(path);
        self.symlinks.retain(|link| !within(&link.path, path));
        let below = format!("{path}/");
        self.programs.retain(|made| made.path != path && !made.path.starts_with(&below));
    }

    /// The paths that an argument names; a glob is matched against what is known.
    fn paths(&self, word: &str, dir: &str) -> Vec<String> {
        let path = join(dir, word);
        if !glob::has_wildcard(&path) {
            return vec![path];
        }
        let parent = path.split('*').next().and_then(|head| head.rsplit_once('/')).map_or("/", |(parent, _)| parent);
        let parent = if parent.is_empty() { "/" } else { parent };
        let mut all: Vec<String> = self.tree.dirs_under(parent);
        all.extend(self.tree.under(parent).map(|(path, _)| path.to_string()));
        all.retain(|found| glob::matches(&path, found));
        all.sort();
        all
    }

    fn all_paths(&self, words: &[String], dir: &str) -> Vec<String> {
        words.iter().flat_map(|word| self.paths(word, dir)).collect()
    }

    /// `cp`, `mv`, `ln`, … ; false when it is not understood.
    pub(super) fn file_command(
        &mut self,
        name: &str,
        words: &[String],
        dir: &str,
        sure: bool,
        within: Within<'_>,
    ) -> bool {
        let span = within.span;
        let Some(call) = files::read(name, words) else { return false };
        match call {
            files::Call::MakeDirs(names) => {
                for name in names {
                    self.tree.add_dir(&join(dir, &name));
                }
            }
            files::Call::Touch(names) => {
                for path in names.iter().map(|name| join(dir, name)) {
                    if !self.tree.is_file(&path) {
                        self.tree.insert(&path, Origin::Made);
                    }
                }
            }
            files::Call::Remove(names) => {
                for path in self.all_paths(&names, dir) {
                    if sure {
                        self.remove(&path);
                    } else {
                        // It may still be there, which only matters for a program.
                        self.programs
                            .iter_mut()
                            .filter(|made| made.path.starts_with(&path))
                            .for_each(|made| (made.proved, made.named) = (false, false));
                    }
                }
            }
            files::Call::Change(names) => {
                for path in self.all_paths(&names, dir) {
                    let below = format!("{path}/");
                    for made in self.programs.iter_mut() {
                        if made.path == path || made.path.starts_with(&below) {
                            made.changes.push((name.to_string(), span));
                        }
                    }
                }
            }
            files::Call::Transfer { how, sources, dest, into_dir } => {
                let target = join(dir, &dest);
                // `ln -sfn` takes a link to a directory for the file that it is.
                let replaces = self.symlinks.iter().any(|link| link.path == target)
                    && words.iter().any(|word| {
                        word.starts_with('-') && !word.starts_with("--") && word.contains(['n', 'T'])
                            || matches!(word.as_str(), "--no-dereference" | "--no-target-directory")
                    });
                let symbolic = how.links()
                    && words.iter().any(|word| {
                        word.starts_with('-') && !word.starts_with("--") && word.contains('s')
                            || matches!(word.as_str(), "--symbolic" | "--symbolic-link")
                    });
                let there = if replaces { Some(false) } else { self.tree.is_dir(&target) };
                let into = into_dir || dest.ends_with('/') || sources.len() > 1 || there == Some(true);
                // A symbolic link says what it leads to from where it lies.
                let from = match how {
                    files::How::Symlink if into => target.as_str(),
                    files::How::Symlink => {
                        target.rsplit_once('/').map_or("/", |(dir, _)| if dir.is_empty() { "/" } else { dir })
                    }
                    _ => dir,
                };
                let sources = self.all_paths(&sources, from);
                let into = into || sources.len() > 1;
                if sources.is_empty() {
                    return false;
                }
                let guessed = there.is_none() && !into;
                for source in &sources {
                    let name = source.rsplit('/').next().unwrap_or(source);
                    let to = if into { join(&target, name) } else { target.clone() };
                    self.symlinks.retain(|link| link.path != to);
                    self.transfer(how, source, &to, sure && !guessed, (name_of(how), span));
                    if symbolic {
                        let sure = sure && !guessed && within.file.is_none();
                        self.symlinks.push(Symlink { path: to, target: source.clone(), span, sure });
                    }
                }
            }
        }
        true
    }

    fn transfer(&mut self, how: files::How, source: &str, to: &str, sure: bool, change: (&str, Span)) {
        if source == to {
            return;
        }
        let below = format!("{source}/");
        let moved: Vec<Made> =
            self.programs.iter().filter(|made| made.path == source || made.path.starts_with(&below)).cloned().collect();
        let known = self.tree.duplicate(source, to);
        if !known && !how.links() {
            self.tree.unknown.push(format!("{} {source}", change.0));
            self.untracked.push(Untracked { span: change.1, what: format!("{} {source} {to}", change.0) });
            self.tree.insert(to, Origin::Made);
        }
        self.programs.retain(|made| made.path != to);
        for mut made in moved {
            let rest = made.path.strip_prefix(source).unwrap_or("").to_string();
            if how.links() {
                made.link_to = Some(made.path.clone());
            }
            made.path = format!("{to}{rest}");
            made.proved &= sure;
            made.named &= sure;
            made.changes.push((change.0.to_string(), change.1));
            self.programs.push(made);
        }
        if how == files::How::Move {
            let links: Vec<Symlink> = self.symlinks.extract_if(.., |link| within(&link.path, source)).collect();
            self.remove(source);
            for link in links {
                let rest = link.path.strip_prefix(source).unwrap_or("");
                // One that is written as a relative path leads elsewhere now; such a move is not followed.
                self.symlinks.push(Symlink { path: format!("{to}{rest}"), sure: false, ..link });
            }
        }
    }
}

fn name_of(how: files::How) -> &'static str {
    match how {
        files::How::Copy => "cp",
        files::How::Move => "mv",
        files::How::Link | files::How::Symlink => "ln",
    }
}
