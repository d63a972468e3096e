//! What a comparison makes with the engine: images and containers with names of their own, removed in the end whatever
//! happens.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::engine::{Build, Engine};
use super::process::Said;

/// On all that we make. It gives our images an id of their own, so that no image of the user's goes with them.
pub(super) const LABEL: &str = "unladen.verify";

pub(super) struct Session {
    pub engine: Engine,
    id: String,
    images: RefCell<Vec<String>>,
    containers: RefCell<Vec<String>>,
    count: Cell<usize>,
}

impl Session {
    pub(super) fn new(engine: Engine) -> Session {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_nanos()).unwrap_or_default();
        let id = format!("{:x}-{:x}", std::process::id(), nanos & 0xffff_ffff_ffff);
        Session { engine, id, images: RefCell::default(), containers: RefCell::default(), count: Cell::new(0) }
    }

    fn label(&self) -> String {
        format!("{LABEL}={}", self.id)
    }

    /// Builds and gives the image's tag.
    pub(super) fn build(&self, which: &str, build: &Build<'_>, time: Duration) -> Result<String, String> {
        let tag = format!("unladen-verify-{}:{which}", self.id);
        self.images.borrow_mut().push(tag.clone());
        let mut tell = |text: &str| tell(&format!("{which}: building, {text}"));
        self.engine.build(build, &tag, &self.label(), time, &mut tell)?;
        Ok(tag)
    }

    /// Makes a container and gives its name.
    pub(super) fn create(&self, image: &str, options: &[String], args: &[String]) -> Result<String, String> {
        let name = self.name();
        self.engine.create(&name, &self.label(), image, options, args)?;
        Ok(name)
    }

    /// Registered before it is made: it may come to be while we are told to stop.
    fn name(&self) -> String {
        self.count.set(self.count.get() + 1);
        let name = format!("unladen-verify-{}-{}", self.id, self.count.get());
        self.containers.borrow_mut().push(name.clone());
        name
    }

    pub(super) fn beside(&self, container: &str, image: &str, script: &str, input: &[u8]) -> Option<Said> {
        let name = self.name();
        let said = self.engine.beside(&name, &self.label(), container, image, script, input);
        self.remove_container(&name);
        said
    }

    pub(super) fn remove_container(&self, name: &str) {
        if self.engine.remove_container(name).is_ok() {
            self.containers.borrow_mut().retain(|other| other != name);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut left = Vec::new();
        for name in self.containers.borrow().iter().rev() {
            if let Err(error) = self.engine.remove_container(name) {
                left.push(format!("container {name} ({error})"));
            }
        }
        for tag in self.images.borrow().iter().rev() {
            if let Err(error) = self.engine.remove_image(tag) {
                left.push(format!("image {tag} ({error})"));
            }
        }
        if !left.is_empty() {
            tell(&format!("could not remove {}; label {}", left.join(", "), self.label()));
        }
    }
}

/// A line of progress on the standard error.
pub(super) fn tell(text: &str) {
    // Nothing is left to do when even this fails.
    let _ = writeln!(std::io::stderr().lock(), "verify: {text}");
}
