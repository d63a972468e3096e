//! What registries tell of images, by the OCI distribution API: their digests, platforms and compressed sizes.
//! The only code of unladen that opens a connection; it runs when `size --registry` asks for it.

mod auth;
mod client;
mod login;
mod manifest;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use auth::Door;
use client::{Answer, Ask, Client, status_text};
use manifest::{Document, Entry, Layer};

use super::registry::{Told, Wanted};
use crate::model::runs_on;
use crate::settings::{LockedImage, LockedSize};
use crate::syntax::ImageRef;

/// An image's configuration holds its history; real ones have up to some hundred kB.
const MOST_CONFIG: u64 = 8 << 20;

/// No image has more than 127; from so many on the estimate will do.
const MOST_LAYERS: usize = 40;

/// Asks for each image. What one registry does not tell is no reason not to ask the others.
pub(super) fn ask(wanted: &[Wanted], plain: &[String], time: Duration) -> Told {
    let door = Door::new(Client::new(plain, time), time);
    let today = date(SystemTime::now());
    let mut told = Told::default();
    for Wanted { name, platform } in wanted {
        let known: &mut BTreeMap<String, LockedImage> = &mut told.images;
        let found = one(&door, name, platform).map(|(digest, platforms, size)| {
            let image = known.entry(name.clone()).or_default();
            (image.digest, image.date, image.platforms) = (digest, today.clone(), platforms.clone());
            match size {
                Some(size) => {
                    image.sizes.insert(platform.clone(), size);
                    None
                }
                None => Some(format!("is not published for {platform}, only for {}", platforms.join(", "))),
            }
        });
        if let Some(trouble) = found.unwrap_or_else(Some) {
            told.troubles.push(format!("{name}: {trouble}"));
        }
    }
    told.notes = door.notes.take();
    told
}

type Facts = (String, Vec<String>, Option<LockedSize>);

fn one(door: &Door, name: &str, wanted: &str) -> Result<Facts, String> {
    let reference = ImageRef::from_text(name);
    let registry = reference.registry.as_ref().map(|word| word.text.to_string()).unwrap_or_default();
    let repository = reference.repository.text.to_string();
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte));
    if !plain(&registry.replace(['[', ']'], "")) || !plain(&repository) {
        return Err("is no name that a registry could have".to_string());
    }
    let version = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => digest.text.to_string(),
        (None, Some(tag)) => tag.text.to_string(),
        (None, None) => "latest".to_string(),
    };
    if !plain(&version) || version.contains('/') {
        return Err("is no name that a registry could have".to_string());
    }
    let images = Images { door, registry: &registry, repository: &repository };
    let (digest, document) = images.manifest(&version)?;
    match document {
        Document::Manifest { config, layers } => {
            let platforms = vec![images.platform(&config)?];
            let fits = platforms.first().is_some_and(|own| runs_on(wanted).contains(own));
            let size = fits.then(|| images.size(digest.clone(), &layers));
            Ok((digest, platforms, size))
        }
        Document::Index(entries) => {
            let mut platforms: Vec<String> = entries.iter().filter_map(|entry| entry.platform.clone()).collect();
            platforms.sort();
            platforms.dedup();
            let Some(Entry { digest: own, .. }) = manifest::choose(&entries, wanted) else {
                return Ok((digest, platforms, None));
            };
            match images.manifest(own)?.1 {
                Document::Manifest { layers, .. } => {
                    let size = images.size(own.clone(), &layers);
                    Ok((digest, platforms, Some(size)))
                }
                Document::Index(_) => Err("its index names another index".to_string()),
            }
        }
    }
}

/// A repository of a registry.
struct Images<'a> {
    door: &'a Door,
    registry: &'a str,
    repository: &'a str,
}

impl Images<'_> {
    fn get(&self, path: &str, ask: &Ask<'_>) -> Result<Answer, String> {
        let answer = self.door.get(self.registry, self.repository, path, ask)?;
        match answer.status {
            200 | 206 => Ok(answer),
            401 | 403 => Err(format!(
                "{} {}; `docker login {}` gives unladen credentials, too",
                self.registry,
                status_text(&answer),
                self.registry
            )),
            404 => Err(format!("{} has no such image: it {}", self.registry, status_text(&answer))),
            _ => Err(format!("{} {}", self.registry, status_text(&answer))),
        }
    }

    /// By tag or digest, with its digest.
    fn manifest(&self, version: &str) -> Result<(String, Document), String> {
        let ask = Ask { accept: manifest::ACCEPT, most: manifest::MOST, ..Ask::default() };
        let answer = self.get(&format!("manifests/{version}"), &ask)?;
        let digest = sha256(&answer.body);
        if version.starts_with("sha256:") && *version != digest {
            return Err(format!("{} answers something else than {version}", self.registry));
        }
        Ok((digest, manifest::read(&answer.body)?))
    }

    /// What an image is for that has one manifest only.
    fn platform(&self, config: &str) -> Result<String, String> {
        let ask = Ask { accept: "*/*", most: MOST_CONFIG, ..Ask::default() };
        let answer = self.get(&format!("blobs/{config}"), &ask)?;
        if config.starts_with("sha256:") && *config != sha256(&answer.body) {
            return Err(format!("{} answers something else than {config}", self.registry));
        }
        let value = serde_json::from_slice(&answer.body).map_err(|_| "its configuration is no JSON".to_string())?;
        manifest::platform_of(&value).ok_or_else(|| "its configuration names no platform".to_string())
    }

    fn size(&self, digest: String, layers: &[Layer]) -> LockedSize {
        let compressed = layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.bytes));
        let unpacked = match layers.len() {
            0..=MOST_LAYERS => layers.iter().map(|layer| self.unpacked(layer)).sum(),
            _ => None,
        };
        LockedSize { digest, compressed, unpacked }
    }

    /// The size of a layer's archive: the last four bytes of a gzip file hold it. `None` where that cannot be: then the
    /// layer is of another kind, of several gzip files in a row (eStargz), or too large for four bytes.
    fn unpacked(&self, layer: &Layer) -> Option<u64> {
        if layer.media_type.ends_with(".tar") {
            return Some(layer.bytes);
        }
        if !layer.media_type.ends_with("gzip") || !(20..1 << 30).contains(&layer.bytes) {
            return None;
        }
        let range = format!("bytes={}-{}", layer.bytes - 4, layer.bytes - 1);
        let ask = Ask { accept: "*/*", range: Some(&range), most: 16, ..Ask::default() };
        let answer = self.get(&format!("blobs/{}", layer.digest), &ask).ok()?;
        let bytes = u64::from(u32::from_le_bytes(answer.body.try_into().ok()?));
        // An archive is made of blocks. Text of a log shrinks to a tenth, an empty archive to a thirtieth.
        let likely = bytes % 512 == 0 && bytes > layer.bytes / 10 * 9 && bytes / 60 < layer.bytes;
        (answer.status == 206 && likely).then_some(bytes)
    }
}

fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// `2026-11-21`, in UTC.
fn date(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // Howard Hinnant's civil_from_days: years begin in March, so that the leap day is their last.
    let days = (seconds / 86_400) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_right() {
        for (days, expected) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_778, "2026-11-21")]
        {
            assert_eq!(date(SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + 5)), expected);
        }
    }
}
