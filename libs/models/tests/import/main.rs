//! Imports of a tiny model: what comes out of a sound file, and what is said about every other.

#[cfg(test)]
mod package;

#[cfg(test)]
mod store;

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod sample;

#[cfg(test)]
#[path = "../../fuzz/import_bytes.rs"]
mod import_bytes;
