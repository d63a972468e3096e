//! `unladen size --image`: what a built image really holds, layer by layer, and what only the built image can show.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher;
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use tar::{Archive, EntryType};

use super::verify::image::clean;
use super::verify::save_local;
use super::verify::saved::{Part, Saved, unpacked};
use crate::lint::Checked;
use crate::report::size::{Built, BuiltLayer, Finds, Found};
use crate::syntax::{InstId, Keyword};

/// Smaller files are not compared by their content.
const COMPARED: u64 = 100_000;
/// How many files of each list are kept.
const LISTED: usize = 20;

/// Where package managers and compilers keep what a running image does not need.
const CACHES: &[(&str, &str)] = &[
    ("var/lib/apt/lists", "package lists of apt"),
    ("var/cache/apt", "cache of apt"),
    ("var/cache/apk", "cache of apk"),
    ("etc/apk/cache", "cache of apk"),
    ("var/cache/dnf", "cache of dnf"),
    ("var/cache/libdnf5", "cache of dnf"),
    ("var/cache/yum", "cache of yum"),
    ("var/cache/zypp", "cache of zypper"),
    ("root/.cache/pip", "cache of pip"),
    ("root/.cache/go-build", "Go's build cache"),
    ("go/pkg/mod", "Go's module cache"),
    ("root/.npm", "cache of npm"),
    ("usr/local/share/.cache", "cache of yarn"),
    ("root/.cargo/registry", "cargo's registry"),
    ("usr/local/cargo/registry", "cargo's registry"),
    ("root/.m2/repository", "Maven's repository"),
    ("root/.gradle/caches", "cache of Gradle"),
    ("root/.cache", "caches of the root user"),
];

/// A file as some layer holds it.
struct Stored {
    layer: usize,
    bytes: u64,
}

/// Reads an image: an archive, a directory in OCI's layout, or one of the local engine.
pub(super) fn read(name: &str, checked: &Checked) -> Result<Built, String> {
    let path = Path::new(name);
    if path.exists() {
        return from_saved(name, &Saved::at(path)?, checked);
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let archive = folder.path().join("image.tar");
    save_local(name, &archive)?;
    from_saved(name, &Saved::at(&archive)?, checked)
}

fn from_saved(name: &str, saved: &Saved, checked: &Checked) -> Result<Built, String> {
    let mut built = Built { name: name.to_string(), ..Built::default() };
    let mut found = Contents::default();
    for layer in saved.layers()? {
        let number = built.layers.len();
        let part = saved.open(&layer)?;
        let compressed = part.size;
        let part = unpacked(part).map_err(|error| format!("layer {}: {error}", number + 1))?;
        let bytes = found.layer(&part, number).map_err(|error| format!("layer {}: {error}", number + 1))?;
        built.layers.push(BuiltLayer { bytes, compressed, ..BuiltLayer::default() });
    }
    name_layers(&mut built.layers, &saved.config().unwrap_or_default(), checked);
    found.finish(&mut built);
    Ok(built)
}

#[derive(Default)]
struct Contents {
    /// What the image shows, with the layers laid over each other; sorted, so that a directory is a range.
    files: BTreeMap<String, Stored>,
    /// Paths that several layers hold: how often, and the bytes below the last one.
    rewritten: HashMap<String, (usize, u64)>,
    deleted: Vec<(String, u64)>,
    /// By content: the paths that had it, and the bytes of one.
    contents: HashMap<u64, (Vec<String>, u64)>,
}

impl Contents {
    /// The bytes of the layer's files.
    fn layer(&mut self, part: &Part, number: usize) -> std::io::Result<u64> {
        let mut archive = Archive::new(part.open(0, part.size)?);
        let mut bytes = 0;
        let mut own: Vec<(String, u64)> = Vec::new();
        let mut gone: Vec<String> = Vec::new();
        let mut emptied: Vec<String> = Vec::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let path = clean(&String::from_utf8_lossy(&entry.path_bytes()));
            let (directory, last) = path.rsplit_once('/').unwrap_or(("", &path));
            if last == ".wh..wh..opq" {
                emptied.push(directory.to_string());
                continue;
            }
            if let Some(name) = last.strip_prefix(".wh.") {
                gone.push(if directory.is_empty() { name.to_string() } else { format!("{directory}/{name}") });
                continue;
            }
            // A hard link holds no bytes of its own.
            if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse)
            {
                continue;
            }
            let size = entry.size();
            bytes += size;
            if size >= COMPARED {
                let sum = content(&mut entry)?;
                let same = self.contents.entry(sum).or_insert_with(|| (Vec::new(), size));
                if !same.0.contains(&path) {
                    same.0.push(path.clone());
                }
            }
            own.push((path, size));
        }
        // Whiteouts are about the layers below.
        for path in gone {
            self.delete(&path, true);
        }
        for path in emptied {
            self.delete(&path, false);
        }
        for (path, size) in own {
            if let Some(before) = self.files.insert(path.clone(), Stored { layer: number, bytes: size }) {
                let again = self.rewritten.entry(path).or_insert((1, 0));
                again.0 += 1;
                again.1 += before.bytes;
            }
        }
        Ok(bytes)
    }

    fn delete(&mut self, path: &str, itself: bool) {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut gone: Vec<String> = self
            .files
            .range(below.clone()..)
            .map(|(file, _)| file)
            .take_while(|file| file.starts_with(&below))
            .cloned()
            .collect();
        if itself && self.files.contains_key(path) {
            gone.push(path.to_string());
        }
        let bytes = gone.iter().filter_map(|file| self.files.remove(file)).map(|stored| stored.bytes).sum();
        if bytes > 0 {
            self.deleted.push((path.to_string(), bytes));
        }
    }

    fn finish(self, built: &mut Built) {
        let Contents { files, rewritten, deleted, contents } = self;
        let found = |path: String, bytes: u64, note: String| Found { path, bytes, note };
        let mut twice: Vec<Found> = rewritten
            .into_iter()
            .map(|(path, (times, bytes))| found(path, bytes, format!("in {times} layers")))
            .collect();
        // The same bytes under other names; one path in two layers is counted above.
        for (mut paths, bytes) in contents.into_values() {
            let others = paths.split_off(1.min(paths.len()));
            let (Some(path), Some(other)) = (paths.pop(), others.first()) else { continue };
            let more = if others.len() > 1 { format!(" and {} more", others.len() - 1) } else { String::new() };
            let note = format!("the same as /{other}{more}");
            twice.push(found(path, bytes * others.len() as u64, note));
        }
        let mut caches: HashMap<&str, (&str, u64)> = HashMap::new();
        let mut biggest: Vec<Found> = Vec::new();
        for (path, stored) in files {
            let inside = |dir: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
            if let Some((dir, what)) = CACHES.iter().find(|(dir, _)| inside(dir)) {
                caches.entry(dir).or_insert((what, 0)).1 += stored.bytes;
            }
            biggest.push(found(path, stored.bytes, format!("layer {}", stored.layer + 1)));
        }
        let caches = caches.into_iter().map(|(dir, (what, bytes))| found(dir.to_string(), bytes, what.to_string()));
        let deleted = deleted.into_iter().map(|(path, bytes)| found(path, bytes, String::new()));
        built.twice = largest(twice);
        built.deleted = largest(deleted.collect());
        built.caches = largest(caches.collect());
        built.biggest = largest(biggest);
    }
}

fn largest(mut list: Vec<Found>) -> Finds {
    let bytes = list.iter().map(|found| found.bytes).sum();
    list.retain(|found| found.bytes > 0);
    list.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    list.truncate(LISTED);
    Finds { list, bytes }
}

fn content(reader: &mut impl Read) -> std::io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut buffer = [0; 64 << 10];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => hasher.write(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Writes who made each layer: the history's words, and the instruction of this Dockerfile, matched from the end.
fn name_layers(layers: &mut [BuiltLayer], config: &Value, checked: &Checked) {
    let history = config["history"].as_array().into_iter().flatten();
    let made = history.filter(|entry| entry["empty_layer"].as_bool() != Some(true));
    for (layer, entry) in layers.iter_mut().zip(made) {
        layer.created_by = entry["created_by"].as_str().unwrap_or_default().to_string();
    }
    let Some(target) = checked.model.target else { return };
    let mut steps: Vec<(Keyword, InstId)> = Vec::new();
    let mut base = None;
    let chain: Vec<_> = checked.model.chain(target).collect();
    for stage in chain.into_iter().rev() {
        base.get_or_insert(stage.from);
        for (step, inst) in stage.instructions(&checked.dockerfile).filter(|(step, _)| !step.onbuild) {
            if matches!(inst.keyword, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir) {
                steps.push((inst.keyword, step.inst));
            }
        }
    }
    for layer in layers.iter_mut().rev() {
        let keyword = keyword(&layer.created_by);
        // A WORKDIR that is there already makes no layer, and BuildKit makes one where the old builder makes none.
        while steps.last().is_some_and(|(step, _)| *step == Keyword::Workdir && keyword != Some(Keyword::Workdir)) {
            steps.pop();
        }
        match steps.last() {
            Some((step, inst)) if Some(*step) == keyword => {
                layer.inst = Some(*inst);
                steps.pop();
            }
            _ => layer.inst = if steps.is_empty() { base } else { None },
        }
    }
}

fn keyword(created_by: &str) -> Option<Keyword> {
    let text = created_by.trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").map_or(text, str::trim_start);
    // BuildKit writes the arguments of the build before the command: `RUN |1 VERSION=1 /bin/sh -c …`.
    match text.split_whitespace().next()? {
        "RUN" | "/bin/sh" | "/bin/bash" | "|1" => Some(Keyword::Run),
        "COPY" => Some(Keyword::Copy),
        "ADD" => Some(Keyword::Add),
        "WORKDIR" => Some(Keyword::Workdir),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::verify::image_case::{archive, gzip, layer};
    use super::*;
    use crate::lint;
    use crate::settings::Settings;
    use crate::text::SourceFile;

    fn checked(text: &str) -> Checked {
        lint::check(SourceFile::new("Dockerfile", text), None, &Settings::default())
    }

    const TEXT: &str = "FROM debian:bookworm-slim\nRUN apt-get update\nWORKDIR /app\nCOPY big /app/big\nRUN chmod 755 big && rm -rf /old\n";

    /// Two frames, and between them one that is to be skipped, as zstd:chunked has it.
    fn zstd(layer: &[u8]) -> Vec<u8> {
        let (first, second) = layer.split_at(layer.len() / 2);
        let frame =
            |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
        [frame(first), b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec(), frame(second)].concat()
    }

    /// Three layers of the file above on a base of one layer, packed as `pack` does it.
    fn sample(pack: fn(&[u8]) -> Vec<u8>) -> Built {
        let big = vec![7_u8; 300_000];
        let base = layer(&[("bin/sh", 0o755, 0, &b"sh"[..]), ("old/x", 0o644, 0, &[1; 5000][..])]);
        let lists = layer(&[("var/lib/apt/lists/a", 0o644, 0, &[2; 9000][..])]);
        let copied = layer(&[("app/big", 0o644, 0, &big)]);
        let changed = layer(&[("app/big", 0o755, 0, &big), (".wh.old", 0o644, 0, &b""[..])]);
        let config = serde_json::json!({"history": [
            {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
            {"created_by": "CMD [\"bash\"]", "empty_layer": true},
            {"created_by": "RUN /bin/sh -c apt-get update # buildkit"},
            {"created_by": "COPY big /app/big # buildkit"},
            {"created_by": "RUN /bin/sh -c chmod 755 big # buildkit"},
        ]});
        let manifest = serde_json::json!({"layers": [
            {"digest": "sha256:a"}, {"digest": "sha256:b"}, {"digest": "sha256:c"}, {"digest": "sha256:d"}],
            "config": {"digest": "sha256:cfg"}});
        let index = serde_json::json!({"manifests": [{"digest": "sha256:m"}]});
        let texts = [index.to_string(), manifest.to_string(), config.to_string()];
        let packed: Vec<Vec<u8>> = [base, lists, copied, changed].iter().map(|layer| pack(layer)).collect();
        let names = ["a", "b", "c", "d"].map(|name| format!("blobs/sha256/{name}"));
        let mut files: Vec<(&str, &[u8])> = vec![
            ("index.json", texts[0].as_bytes()),
            ("blobs/sha256/m", texts[1].as_bytes()),
            ("blobs/sha256/cfg", texts[2].as_bytes()),
        ];
        files.extend(names.iter().map(String::as_str).zip(packed.iter().map(Vec::as_slice)));
        let saved = Saved::archive(archive(&files)).unwrap();
        from_saved("x", &saved, &checked(TEXT)).unwrap()
    }

    #[test]
    fn layers_are_those_of_their_instructions() {
        for built in [sample(|layer| layer.to_vec()), sample(gzip), sample(zstd)] {
            let bytes: Vec<u64> = built.layers.iter().map(|layer| layer.bytes).collect();
            assert_eq!(bytes, [5002, 9000, 300_000, 300_000]);
            let lines: Vec<Option<u32>> = built.layers.iter().map(|layer| layer.inst.map(|inst| inst.0)).collect();
            // FROM, RUN, COPY, RUN: WORKDIR made no layer here.
            assert_eq!(lines, [Some(0), Some(1), Some(3), Some(4)]);
            assert_eq!(built.bytes(), 614_002);
        }
    }

    #[test]
    fn only_the_built_image_shows_what_is_stored_twice_and_deleted() {
        let built = sample(|layer| layer.to_vec());
        let shown = |finds: &Finds| {
            let lines: Vec<String> =
                finds.list.iter().map(|found| format!("{} {} {}", found.path, found.bytes, found.note)).collect();
            lines.join(", ")
        };
        assert_eq!(shown(&built.twice), "app/big 300000 in 2 layers");
        assert_eq!(shown(&built.deleted), "old 5000 ");
        assert_eq!(shown(&built.caches), "var/lib/apt/lists 9000 package lists of apt");
        assert!(shown(&built.biggest).starts_with("app/big 300000 layer 4"));
    }

    /// What the contents of these layers come to.
    fn contents(layers: &[Vec<u8>]) -> Built {
        let mut built = Built::default();
        let mut found = Contents::default();
        for (number, layer) in layers.iter().enumerate() {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("layer"), layer).unwrap();
            let part = Saved::Directory(dir.path().to_path_buf()).open("layer").unwrap();
            let bytes = found.layer(&part, number).unwrap();
            built.layers.push(BuiltLayer { bytes, ..BuiltLayer::default() });
        }
        found.finish(&mut built);
        built
    }

    #[test]
    fn links_whiteouts_and_odd_names_are_counted_as_engines_do() {
        let big = vec![1_u8; 200_000];
        let built = contents(&[
            layer(&[
                ("a/one", 0o644, 0, &big),
                ("a/link", 0o644, 0, &b"=> a/one"[..]),
                ("b/two", 0o644, 0, &big),
                ("ab", 0o644, 0, &b"12345"[..]),
            ]),
            // The directory is emptied and filled again; what begins like its name stays.
            layer(&[("a/.wh..wh..opq", 0o644, 0, &b""[..]), ("a/new", 0o644, 0, &b"1"[..])]),
            layer(&[(".wh..wh..opq", 0o644, 0, &b""[..]), ("last", 0o644, 0, &b"1"[..])]),
        ]);
        let bytes: Vec<u64> = built.layers.iter().map(|layer| layer.bytes).collect();
        assert_eq!(bytes, [400_005, 1, 1], "a hard link has no bytes of its own");
        assert_eq!((built.twice.list[0].path.as_str(), built.twice.bytes), ("a/one", 200_000));
        assert_eq!(built.twice.list[0].note, "the same as /b/two");
        let deleted: Vec<(&str, u64)> =
            built.deleted.list.iter().map(|found| (found.path.as_str(), found.bytes)).collect();
        assert_eq!(deleted, [("", 200_006), ("a", 200_000)]);
        assert_eq!(built.biggest.list.len(), 1);
    }

    #[test]
    fn what_is_no_image_or_was_cut_off_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image.tar");
        let whole = archive(&[("blobs/sha256/a", &[5; 4000][..]), ("index.json", &b"{}"[..])]);
        let mut bytes = Vec::new();
        std::io::Seek::rewind(&mut &whole).unwrap();
        (&whole).read_to_end(&mut bytes).unwrap();
        for (bytes, expected) in [
            (bytes.get(..2000).unwrap(), "it was cut off"),
            (&[][..], "it was cut off"),
            (&[7_u8; 3000][..], "is no tar archive"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(path.to_str().unwrap(), &checked("FROM scratch\n")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_directory_in_ocis_layout_is_read_too() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = dir.path().join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(dir.path().join("index.json"), r#"{"manifests": [{"digest": "sha256:m"}]}"#).unwrap();
        std::fs::write(blobs.join("m"), r#"{"layers": [{"digest": "sha256:a"}], "config": {"digest": "sha256:c"}}"#)
            .unwrap();
        std::fs::write(blobs.join("c"), "{}").unwrap();
        std::fs::write(blobs.join("a"), gzip(&layer(&[("x", 0o644, 0, b"123")]))).unwrap();
        let built = read(dir.path().to_str().unwrap(), &checked("FROM scratch\n")).unwrap();
        assert_eq!(built.bytes(), 3);
        std::fs::write(dir.path().join("index.json"), "{").unwrap();
        assert!(read(dir.path().to_str().unwrap(), &checked("FROM scratch\n")).is_err());
        std::fs::write(dir.path().join("index.json"), r#"{"manifests": [{"digest": "sha256:../../m"}]}"#).unwrap();
        assert!(read(dir.path().to_str().unwrap(), &checked("FROM scratch\n")).is_err());
    }
}
