//! One pass over the tree: stages, scopes, and what is in force at every step.

use super::{Model, ModelOptions};
use crate::syntax::Dockerfile;
use crate::text::SourceFile;

pub fn build(_source: &SourceFile, _file: &Dockerfile, _options: &ModelOptions) -> Model {
    Model::default()
}
