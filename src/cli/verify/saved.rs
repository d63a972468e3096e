//! A saved image as it lies on disk: an archive of `docker save` in Docker's or OCI's layout, or a directory in OCI's.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use serde_json::Value;
use tar::{Archive, EntryType};

use super::image::{clean, join};

/// As in the kernel.
const MAX_LINKS: usize = 40;

/// Where the parts of a saved image are.
pub(in crate::cli) enum Saved {
    Archive { file: File, entries: HashMap<String, Outer> },
    Directory(PathBuf),
}

impl Saved {
    /// An archive that an engine saved.
    pub(in crate::cli) fn archive(file: File) -> Result<Saved, String> {
        let entries = list(&file).map_err(|_| "the saved image is no tar archive".to_string())?;
        if !["manifest.json", "index.json"].iter().any(|name| entries.contains_key(*name)) {
            return Err("it is no saved image, or it was cut off: neither manifest.json nor index.json is in it".into());
        }
        Ok(Saved::Archive { file, entries })
    }

    /// An archive, or a directory in OCI's layout.
    pub(in crate::cli) fn at(path: &Path) -> Result<Saved, String> {
        if path.is_dir() {
            return Ok(Saved::Directory(path.to_path_buf()));
        }
        Saved::archive(File::open(path).map_err(|error| error.to_string())?)
    }

    pub(in crate::cli) fn open(&self, name: &str) -> Result<Part, String> {
        match self {
            Saved::Archive { file, entries } => {
                let (start, size) = find(entries, name).ok_or_else(|| format!("the saved image has no {name}"))?;
                Ok(Part { file: file.try_clone().map_err(|error| error.to_string())?, start, size })
            }
            Saved::Directory(path) => {
                // A digest of somebody else's file names nothing outside of the directory.
                let inside = path.join(clean(name));
                let file = File::open(&inside).map_err(|_| format!("the saved image has no {name}"))?;
                let size = file.metadata().map_err(|error| error.to_string())?.len();
                Ok(Part { file, start: 0, size })
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Saved::Archive { entries, .. } => entries.contains_key(name),
            Saved::Directory(path) => path.join(name).is_file(),
        }
    }

    pub(in crate::cli) fn json(&self, name: &str) -> Result<Value, String> {
        let part = self.open(name)?;
        let mut text = String::new();
        let read = part.open(0, 16 << 20).and_then(|mut reader| reader.read_to_string(&mut text));
        read.map_err(|error| format!("{name}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))
    }

    /// The names of the layers: of Docker's `manifest.json` where there is one, else of OCI's `index.json`.
    pub(in crate::cli) fn layers(&self) -> Result<Vec<String>, String> {
        if self.has("manifest.json") {
            return Ok(strings(&self.json("manifest.json")?[0]["Layers"]));
        }
        let manifest = self.manifest()?;
        let layers = manifest["layers"].as_array().ok_or("the saved image lists no layers")?;
        Ok(layers.iter().filter_map(|layer| blob(&layer["digest"])).collect())
    }

    /// The image's config: its history says which instruction made which layer.
    pub(in crate::cli) fn config(&self) -> Result<Value, String> {
        let name = match self.has("manifest.json") {
            true => self.json("manifest.json")?[0]["Config"].as_str().map(str::to_string),
            false => blob(&self.manifest()?["config"]["digest"]),
        };
        self.json(&name.ok_or("the saved image names no config")?)
    }

    fn manifest(&self) -> Result<Value, String> {
        let mut manifest = self.json("index.json")?;
        // An index may name another index, one manifest per platform, and attestations, which have no platform.
        for _ in 0..4 {
            let Some(manifests) = manifest["manifests"].as_array() else { break };
            let image = |entry: &&Value| entry["platform"]["os"].as_str() != Some("unknown");
            let name = manifests.iter().find(image).and_then(|entry| blob(&entry["digest"]));
            manifest = self.json(&name.ok_or("the saved image names no manifest")?)?;
        }
        Ok(manifest)
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_string)).collect()
}

fn blob(digest: &Value) -> Option<String> {
    digest.as_str().map(|digest| format!("blobs/{}", digest.replacen(':', "/", 1)))
}

/// A stretch of a file on disk.
pub(in crate::cli) struct Part {
    file: File,
    start: u64,
    pub size: u64,
}

impl Part {
    pub(in crate::cli) fn open(&self, offset: u64, size: u64) -> io::Result<impl Read + '_> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.start.saturating_add(offset)))?;
        Ok(file.take(size.min(self.size.saturating_sub(offset))))
    }
}

/// The entries of the outer archive: where each starts, or the entry that it is a link to.
pub(in crate::cli) enum Outer {
    At(u64, u64),
    Same(String),
}

fn list(file: &File) -> io::Result<HashMap<String, Outer>> {
    let mut reader = file;
    reader.seek(SeekFrom::Start(0))?;
    let mut entries = HashMap::new();
    for entry in Archive::new(reader).entries_with_seek()? {
        let entry = entry?;
        let name = clean(&String::from_utf8_lossy(&entry.path_bytes()));
        let link = entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned());
        let outer = match (entry.header().entry_type(), link) {
            // Older engines save a layer that occurs twice as a link to the first.
            (EntryType::Symlink, Some(link)) => {
                let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
                Outer::Same(clean(&join(directory, &link)))
            }
            (EntryType::Link, Some(link)) => Outer::Same(clean(&link)),
            _ => Outer::At(entry.raw_file_position(), entry.size()),
        };
        entries.insert(name, outer);
    }
    Ok(entries)
}

fn find(entries: &HashMap<String, Outer>, name: &str) -> Option<(u64, u64)> {
    let mut name = clean(name);
    for _ in 0..MAX_LINKS {
        match entries.get(&name)? {
            Outer::At(start, size) => return Some((*start, *size)),
            Outer::Same(other) => name = other.clone(),
        }
    }
    None
}

/// A frame of zstd may ask for a window of any size; engines write up to 8 MB, and 128 MB is what `zstd --long` asks for.
const MAX_WINDOW: u64 = 128 << 20;

/// A layer as a plain tar file; a packed one is unpacked into a temporary file.
pub(in crate::cli) fn unpacked(part: Part) -> io::Result<Part> {
    let mut magic = Vec::new();
    part.open(0, 4)?.read_to_end(&mut magic)?;
    let zstd = magic.starts_with(b"\x28\xb5\x2f\xfd");
    if !zstd && !magic.starts_with(b"\x1f\x8b") {
        return Ok(part);
    }
    let mut file = tempfile::tempfile()?;
    let size = match zstd {
        true => unpack_zstd(part.open(0, part.size)?, &mut file)?,
        false => io::copy(&mut flate2::read::MultiGzDecoder::new(part.open(0, part.size)?), &mut file)?,
    };
    Ok(Part { file, start: 0, size })
}

/// All frames, one after the other: zstd:chunked ends with one that is to be skipped.
fn unpack_zstd(packed: impl Read, file: &mut File) -> io::Result<u64> {
    let mut packed = io::BufReader::new(packed);
    let mut size = 0;
    while !packed.fill_buf()?.is_empty() {
        match StreamingDecoder::new_with_max_window_size(&mut packed, MAX_WINDOW) {
            Ok(mut frame) => size += io::copy(&mut frame, file)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut (&mut packed).take(length.into()), &mut io::sink())?;
            }
            Err(error) => return Err(io::Error::other(format!("no zstd: {error}"))),
        }
    }
    Ok(size)
}
