//! The files of a saved image: an archive of `docker save` in Docker's or OCI's layout, its layers laid over each other
//! with their whiteouts. Contents stay in the archive and are read when asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::saved::{Part, Saved, unpacked};

/// A larger file is not read into memory.
const MAX_FILE: u64 = 1 << 30;
/// As in the kernel.
const MAX_LINKS: usize = 40;

/// A root file system. Paths have no slash at either end; the root itself is not listed.
#[derive(Default)]
pub(super) struct Root {
    nodes: BTreeMap<String, Node>,
    layers: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub kind: Kind,
    /// The permission bits.
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
}

impl Node {
    /// One that no layer lists; engines make it so.
    fn directory() -> Node {
        Node { kind: Kind::Dir, mode: 0o755, uid: 0, gid: 0 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Dir,
    File { layer: usize, offset: u64, size: u64 },
    Link(String),
    Other,
}

/// Where a path leads, with all symbolic links followed.
pub(super) struct Found<'r> {
    /// Without the slash at its start; empty for the root.
    pub path: String,
    /// None is the root directory.
    pub node: Option<&'r Node>,
    /// The directories that were walked through.
    pub through: Vec<String>,
}

/// A path that leads nowhere: the part that is missing, with a slash at its start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing(pub String);

impl Root {
    /// Reads the archive that an engine saved.
    pub(super) fn read(file: File) -> Result<Root, String> {
        let saved = Saved::archive(file)?;
        let mut root = Root::default();
        for name in saved.layers()? {
            let number = root.layers.len();
            let part = unpacked(saved.open(&name)?).map_err(|error| format!("layer {}: {error}", number + 1))?;
            let over = entries_of(&part, number).map_err(|error| format!("layer {}: {error}", number + 1))?;
            root.layers.push(part);
            root.lay_over(over);
        }
        Ok(root)
    }

    fn lay_over(&mut self, over: Vec<Laid>) {
        // Whiteouts are about the layers below, wherever they stand in this one.
        for (name, ..) in &over {
            let (directory, last) = name.rsplit_once('/').unwrap_or(("", name));
            if last == ".wh..wh..opq" {
                self.remove_below(directory);
            } else if let Some(gone) = last.strip_prefix(".wh.") {
                let gone = join(directory, gone);
                self.nodes.remove(&gone);
                self.remove_below(&gone);
            }
        }
        for (name, hard, node) in over {
            let last = name.rsplit('/').next().unwrap_or_default();
            if name.is_empty() || last.starts_with(".wh.") {
                continue;
            }
            let node = match hard {
                Some(target) => match self.nodes.get(&target) {
                    Some(node) => node.clone(),
                    None => continue,
                },
                None => node,
            };
            if node.kind != Kind::Dir {
                self.remove_below(&name);
            }
            for (at, _) in name.match_indices('/') {
                if let Some(parent) = name.get(..at) {
                    self.nodes.entry(parent.to_string()).or_insert_with(Node::directory);
                }
            }
            self.nodes.insert(name, node);
        }
    }

    fn remove_below(&mut self, directory: &str) {
        if directory.is_empty() {
            self.nodes.clear();
            return;
        }
        // `/` sorts right before `0`: the range holds what is below, and nothing else.
        let below: Vec<String> =
            self.nodes.range(format!("{directory}/")..format!("{directory}0")).map(|(name, _)| name.clone()).collect();
        for name in below {
            self.nodes.remove(&name);
        }
    }

    /// Follows a path from the root directory.
    pub(super) fn find(&self, path: &str) -> Result<Found<'_>, Missing> {
        let mut todo: Vec<String> = parts(path);
        todo.reverse();
        let mut found = Found { path: String::new(), node: None, through: Vec::new() };
        let mut links = 0;
        while let Some(part) = todo.pop() {
            if part == ".." {
                found.path.truncate(found.path.rfind('/').unwrap_or(0));
                found.node = self.nodes.get(&found.path);
                continue;
            }
            // A file is no directory, whatever is named below it.
            let inside_file = found.node.is_some_and(|node| !matches!(node.kind, Kind::Dir));
            let next = join(&found.path, &part);
            let node = match self.nodes.get(&next) {
                Some(node) if !inside_file => node,
                _ => return Err(Missing(format!("/{next}"))),
            };
            if !found.path.is_empty() {
                found.through.push(found.path.clone());
            }
            if let Kind::Link(target) = &node.kind {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Missing(format!("/{next}")));
                }
                todo.extend(parts(target).into_iter().rev());
                if target.starts_with('/') {
                    found.path.clear();
                    found.node = None;
                }
                continue;
            }
            found.path = next;
            found.node = Some(node);
        }
        found.through.dedup();
        Ok(found)
    }

    /// The content of a plain file.
    pub(super) fn content(&self, node: &Node) -> Result<Vec<u8>, String> {
        let Kind::File { layer, offset, size } = node.kind else { return Err("is no plain file".into()) };
        if size > MAX_FILE {
            return Err(format!("is larger than {} GB", MAX_FILE >> 30));
        }
        let part = self.layers.get(layer).ok_or("is in no layer")?;
        let mut bytes = Vec::new();
        let read = part.open(offset, size).and_then(|mut reader| reader.read_to_end(&mut bytes));
        read.map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    /// The text of a file that may be missing.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let found = self.find(path).ok()?;
        Some(String::from_utf8_lossy(&self.content(found.node?).ok()?).into_owned())
    }

    /// Names in a directory.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let Ok(found) = self.find(path) else { return Vec::new() };
        let below = format!("{}/", found.path);
        let names = self.nodes.range(below.clone()..).map(|(name, _)| name);
        let names = names.take_while(|name| name.starts_with(&below)).filter_map(|name| name.get(below.len()..));
        names.filter(|name| !name.contains('/')).map(str::to_string).collect()
    }

    pub(super) fn node(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }
}

/// An entry of a layer: its path, what it is a hard link to, and what it is.
type Laid = (String, Option<String>, Node);

fn entries_of(part: &Part, number: usize) -> io::Result<Vec<Laid>> {
    let mut over = Vec::new();
    let mut archive = Archive::new(part.open(0, part.size)?);
    for entry in archive.entries()? {
        let entry = entry?;
        let name = clean(&String::from_utf8_lossy(&entry.path_bytes()));
        let link = entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned());
        let header = entry.header();
        let (mode, uid, gid) = (header.mode()? & 0o7777, header.uid()?, header.gid()?);
        let kind = match header.entry_type() {
            EntryType::Directory => Kind::Dir,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                Kind::File { layer: number, offset: entry.raw_file_position(), size: entry.size() }
            }
            EntryType::Symlink => Kind::Link(link.clone().unwrap_or_default()),
            EntryType::XGlobalHeader => continue,
            _ => Kind::Other,
        };
        let hard = (header.entry_type() == EntryType::Link).then(|| clean(&link.unwrap_or_default()));
        over.push((name, hard, Node { kind, mode, uid, gid }));
    }
    Ok(over)
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_string).collect()
}

pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_string() } else { format!("{directory}/{name}") }
}

/// Without slashes at the ends, `.` and `..`.
pub(in crate::cli) fn clean(path: &str) -> String {
    let mut clean: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean.join("/")
}

/// Images for tests, written as an engine saves them.
#[cfg(test)]
pub(in crate::cli) mod case {
    use std::io::Write;

    use super::*;

    /// (path, mode, owner, content); a path that ends in `/` is a directory, content `-> x` a link, `=> x` a hard link.
    pub(crate) type Entry<'a> = (&'a str, u32, u64, &'a [u8]);

    pub(crate) fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, mode, owner, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(*mode);
            header.set_uid(*owner);
            header.set_gid(*owner);
            header.set_size(0);
            let text = String::from_utf8_lossy(content);
            if let Some(target) = text.strip_prefix("-> ") {
                header.set_entry_type(EntryType::Symlink);
                tar.append_link(&mut header, path, target).unwrap();
            } else if let Some(target) = text.strip_prefix("=> ") {
                header.set_entry_type(EntryType::Link);
                tar.append_link(&mut header, path, target).unwrap();
            } else if path.ends_with('/') {
                header.set_entry_type(EntryType::Directory);
                tar.append_data(&mut header, path, io::empty()).unwrap();
            } else {
                header.set_size(content.len() as u64);
                tar.append_data(&mut header, path, *content).unwrap();
            }
        }
        tar.into_inner().unwrap()
    }

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    pub(crate) fn archive(files: &[(&str, &[u8])]) -> File {
        let entries: Vec<Entry<'_>> = files.iter().map(|(name, bytes)| (*name, 0o644, 0, *bytes)).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&layer(&entries)).unwrap();
        file
    }

    /// An image of these layers.
    pub(in crate::cli::verify) fn root(layers: &[&[Entry<'_>]]) -> Root {
        let layers: Vec<Vec<u8>> = layers.iter().map(|entries| layer(entries)).collect();
        let names: Vec<String> = (0..layers.len()).map(|number| format!("{number}/layer.tar")).collect();
        let manifest = serde_json::json!([{ "Layers": names }]).to_string();
        let mut files: Vec<(&str, &[u8])> = vec![("manifest.json", manifest.as_bytes())];
        files.extend(names.iter().map(String::as_str).zip(layers.iter().map(Vec::as_slice)));
        Root::read(archive(&files)).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::case::{archive, gzip, layer, root};
    use super::*;

    fn found(root: &Root, path: &str) -> String {
        match root.find(path) {
            Ok(found) => format!("/{}", found.path),
            Err(Missing(path)) => format!("no {path}"),
        }
    }

    #[test]
    fn upper_layers_hide_replace_and_clear() {
        let root = root(&[
            &[
                ("a/", 0o755, 0, b""),
                ("a/x", 0o644, 0, b"old"),
                ("a/y", 0o644, 0, b"y"),
                ("b/", 0o755, 0, b""),
                ("b/z", 0o644, 0, b"z"),
                ("b0", 0o644, 0, b"beside"),
                ("c/", 0o755, 0, b""),
                ("c/deep/", 0o755, 0, b""),
                ("c/deep/w", 0o644, 0, b"w"),
                ("d/", 0o755, 0, b""),
                ("d/v", 0o644, 0, b"v"),
            ],
            &[
                ("a/x", 0o600, 7, b"new"),
                ("a/.wh.y", 0o644, 0, b""),
                ("b/n", 0o644, 0, b"n"),
                ("b/.wh..wh..opq", 0o644, 0, b""),
                (".wh.c", 0o644, 0, b""),
                ("d", 0o644, 0, b"now a file"),
                ("e", 0o644, 0, b"=> a/x"),
            ],
        ]);
        let text = |path: &str| root.text(path).unwrap_or_else(|| "-".into());
        assert_eq!(text("/a/x"), "new");
        assert_eq!(root.find("/a/x").unwrap().node.map(|node| (node.mode, node.uid)), Some((0o600, 7)));
        assert_eq!(text("/e"), "new");
        assert_eq!(text("b0"), "beside");
        assert_eq!(text("/b/n"), "n");
        assert_eq!(text("/d"), "now a file");
        for gone in ["/a/y", "/b/z", "/c", "/c/deep/w", "/d/v"] {
            assert_eq!(text(gone), "-", "{gone}");
        }
        assert_eq!(root.names("/b"), ["n"]);
    }

    #[test]
    fn links_are_followed_as_the_kernel_follows_them() {
        let root = root(&[&[
            ("usr/", 0o755, 0, b""),
            ("usr/bin/", 0o755, 0, b""),
            ("usr/bin/app", 0o755, 0, b"x"),
            ("bin", 0o777, 0, b"-> usr/bin"),
            ("opt/", 0o755, 0, b""),
            ("opt/app", 0o777, 0, b"-> ../bin/./app"),
            ("opt/abs", 0o777, 0, b"-> /bin/app"),
            ("opt/lost", 0o777, 0, b"-> /nowhere/app"),
            ("loop", 0o777, 0, b"-> loop"),
        ]]);
        for (path, want) in [
            ("/usr/bin/app", "/usr/bin/app"),
            ("bin/app", "/usr/bin/app"),
            ("/opt/app", "/usr/bin/app"),
            ("/opt/abs", "/usr/bin/app"),
            ("/opt/../bin/../bin/app", "/usr/bin/app"),
            ("/", "/"),
            ("/..", "/"),
            ("/opt/lost", "no /nowhere"),
            ("/loop", "no /loop"),
            ("/usr/bin/app/x", "no /usr/bin/app/x"),
        ] {
            assert_eq!(found(&root, path), want, "{path}");
        }
        assert_eq!(root.find("/opt/abs").unwrap().through, ["opt", "usr", "usr/bin"]);
    }

    #[test]
    fn both_layouts_and_gzip_are_read() {
        let plain = layer(&[("a", 0o644, 0, b"content")]);
        let packed = gzip(&plain);
        let index =
            br#"{"manifests": [{"digest": "sha256:dd", "platform": {"os": "unknown"}}, {"digest": "sha256:aa"}]}"#;
        let manifest = br#"{"layers": [{"digest": "sha256:bb"}]}"#;
        let oci: [(&str, &[u8]); 3] =
            [("index.json", index), ("blobs/sha256/aa", manifest), ("blobs/sha256/bb", &packed)];
        assert_eq!(Root::read(archive(&oci)).unwrap().text("/a").as_deref(), Some("content"));
        let linked: [(&str, &[u8]); 3] = [
            ("manifest.json", br#"[{"Layers": ["x/layer.tar"]}]"#),
            ("x/layer.tar", b"-> ../y/layer.tar"),
            ("y/layer.tar", &plain),
        ];
        assert_eq!(Root::read(archive(&linked)).unwrap().text("/a").as_deref(), Some("content"));
    }

    #[test]
    fn what_is_no_image_is_an_error_in_words() {
        type Files = &'static [(&'static str, &'static [u8])];
        let broken: [(Files, &str); 4] = [
            (&[("readme", b"x")], "it is no saved image"),
            (&[("manifest.json", b"{")], "manifest.json: EOF"),
            (&[("manifest.json", br#"[{"Layers": ["a"]}]"#)], "the saved image has no a"),
            (&[("manifest.json", br#"[{"Layers": ["a"]}]"#), ("a", b"\x28\xb5\x2f\xfd")], "layer 1: no zstd: "),
        ];
        for (files, want) in broken {
            let error = Root::read(archive(files)).err().unwrap();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
