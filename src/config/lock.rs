//! `.unladen.lock.json`: what registries told of base images, so that later runs need no network.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::settings::{LockedImage, LockedSize};

pub const NAME: &str = ".unladen.lock.json";
const VERSION: u32 = 1;

/// By the full name of the image.
pub type Locked = Arc<BTreeMap<String, LockedImage>>;

/// The file. Names may be added; a reader passes over those that it does not know.
#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    images: BTreeMap<String, Image>,
}

#[derive(Serialize, Deserialize)]
struct Image {
    date: String,
    digest: String,
    #[serde(default)]
    platforms: Vec<String>,
    #[serde(default)]
    sizes: BTreeMap<String, Size>,
}

#[derive(Serialize, Deserialize)]
struct Size {
    digest: String,
    compressed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unpacked: Option<u64>,
}

pub fn read(path: &Path) -> Result<Locked, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new(path, format!("the lock file cannot be read: {error}")))?;
    let file: File = serde_json::from_str(&text).map_err(|error| {
        let at = (error.line() as u32, error.column() as u32);
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let help = "`unladen size --registry --save` writes it anew once it is deleted";
        ConfigError { at: Some(at), ..ConfigError::new(path, format!("is no lock file: {message}; {help}")) }
    })?;
    if file.version != VERSION {
        let message = format!("has version {} where this unladen reads version {VERSION}", file.version);
        return Err(ConfigError::new(path, message));
    }
    let images = file.images.into_iter().map(|(name, image)| {
        let Image { date, digest, platforms, sizes } = image;
        let size = |Size { digest, compressed, unpacked }| LockedSize { digest, compressed, unpacked };
        let sizes = sizes.into_iter().map(|(platform, told)| (platform, size(told))).collect();
        (name, LockedImage { digest, date, platforms, sizes })
    });
    Ok(Arc::new(images.collect()))
}

/// What was known, with what was told now. Sizes of other platforms stay as long as the name still means the same image.
pub fn merged(known: &BTreeMap<String, LockedImage>, told: &BTreeMap<String, LockedImage>) -> Locked {
    let mut all = known.clone();
    for (name, image) in told {
        let mut image = image.clone();
        if let Some(old) = all.get(name).filter(|old| old.digest == image.digest) {
            for (platform, size) in &old.sizes {
                image.sizes.entry(platform.clone()).or_insert_with(|| size.clone());
            }
        }
        all.insert(name.clone(), image);
    }
    Arc::new(all)
}

/// Adds what was told to what the file holds, and says where it stands.
pub fn save(directory: &Path, told: &BTreeMap<String, LockedImage>) -> Result<PathBuf, String> {
    let path = place(directory);
    let known = match path.is_file() {
        true => read(&path).map_err(|error| error.problem().to_string())?,
        false => Locked::default(),
    };
    let all = merged(&known, told).as_ref().clone();
    let images = all.into_iter().map(|(name, image)| {
        let LockedImage { digest, date, platforms, sizes } = image;
        let size = |LockedSize { digest, compressed, unpacked }| Size { digest, compressed, unpacked };
        let sizes = sizes.into_iter().map(|(platform, told)| (platform, size(told))).collect();
        (name, Image { date, digest, platforms, sizes })
    });
    let file = File { version: VERSION, images: images.collect() };
    write(&path, &file).map_err(|error| format!("{}: cannot be written: {error}", path.display()))?;
    Ok(path)
}

/// Whole or not at all.
fn write(path: &Path, file: &File) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(file)?;
    bytes.push(b'\n');
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".unladen-").tempfile_in(folder)?;
    io::Write::write_all(&mut temporary, &bytes)?;
    readable(temporary.path())?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file is for its owner alone; this one is committed and read by others.
#[cfg(unix)]
fn readable(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// The closest lock file upwards; where there is none, beside the closest configuration, else in the directory.
fn place(directory: &Path) -> PathBuf {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
    let beside = |names: &[&str]| {
        let holds = |folder: &&Path| names.iter().any(|name| folder.join(name).is_file());
        absolute.ancestors().find(holds).map(|folder| folder.join(NAME))
    };
    beside(&[NAME]).or_else(|| beside(&[".unladen.yaml", ".unladen.yml"])).unwrap_or_else(|| absolute.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(digest: &str, platform: &str, compressed: u64) -> LockedImage {
        let size = LockedSize { digest: "sha256:m".into(), compressed, unpacked: None };
        LockedImage {
            digest: digest.into(),
            date: "2026-11-21".into(),
            platforms: vec![platform.into()],
            sizes: BTreeMap::from([(platform.to_string(), size)]),
        }
    }

    #[test]
    fn what_is_saved_is_read_again_and_added_to() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("app");
        std::fs::create_dir(&below).unwrap();
        let save = |name: &str, image: LockedImage| {
            let path = save(&below, &BTreeMap::from([(name.to_string(), image)])).unwrap();
            read(&path).unwrap()
        };
        save("docker.io/library/a:1", image("sha256:1", "linux/amd64", 5));
        let both = save("docker.io/library/a:1", image("sha256:1", "linux/arm64", 6));
        assert_eq!(both["docker.io/library/a:1"].sizes.len(), 2);
        assert_eq!(both["docker.io/library/a:1"].sizes["linux/arm64"].compressed, 6);
        let moved = save("docker.io/library/a:1", image("sha256:2", "linux/arm64", 7));
        assert_eq!(moved["docker.io/library/a:1"].sizes.len(), 1, "another image has other sizes");
        assert_eq!(save("docker.io/library/b:1", image("sha256:1", "linux/amd64", 5)).len(), 2);
        assert_eq!(std::fs::read_dir(&below).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn the_lock_file_stands_beside_the_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("app");
        std::fs::create_dir(&below).unwrap();
        std::fs::write(dir.path().join(".unladen.yaml"), "").unwrap();
        assert_eq!(place(&below), dir.path().join(NAME));
        std::fs::write(below.join(NAME), "").unwrap();
        assert_eq!(place(&below), below.join(NAME));
    }

    #[test]
    fn a_broken_lock_file_is_refused_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        for (text, at, message) in [
            ("{\n  \"version\": 1,\n", Some((3, 0)), "is no lock file"),
            ("{\"version\": 1, \"images\": {\"a\": 1}}", Some((1, 32)), "is no lock file"),
            ("{\"version\": 9, \"images\": {}}", None, "has version 9"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.at, at, "{error:?}");
            assert!(error.message.contains(message), "{error:?}");
        }
    }
}
