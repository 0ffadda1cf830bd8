//! A folder of packages in a blob store.

use std::{collections::BTreeSet, fmt::Display, ops::Range, sync::Arc};

use anyhow::{Context, anyhow, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use models::{Arrival, ArrivingFile, FileRecord, MANIFEST, MAX_MANIFEST};
use objects::{ByteRange, GetOptions, Key, ListOptions, Location, ObjectInfo, Objects, ObjectsError, Page};

use super::access::Access;

/// The bytes of one request, all of which are in memory at once.
const PIECE: u64 = 8 * 1024 * 1024;
/// The most packages that are taken without being named, so that a wrong prefix does not fill the disk.
const MOST: usize = 100;

/// Packages, each below its name.
pub(super) struct Elsewhere {
    url: Location,
    objects: Arc<dyn Objects>,
    parallel: usize,
}

#[derive(Default)]
struct Found {
    names: BTreeSet<String>,
    /// Whether all folders were looked at.
    all: bool,
}

impl Elsewhere {
    pub(super) async fn open(url: &Location, access: &Access, parallel: u8) -> anyhow::Result<Self> {
        let objects = access.open(url).await?;
        Ok(Self { url: url.clone(), objects, parallel: usize::from(parallel) })
    }

    /// The names of all folders that have a manifest, sorted.
    pub(super) async fn names(&self) -> anyhow::Result<Vec<String>> {
        let Found { names, all } =
            self.manifests().await.with_context(|| format!("looking for packages in {}", self.url))?;
        ensure!(
            all && names.len() <= MOST,
            "{} has more than {MOST} packages, or other folders by the thousand: say with --model which are wanted",
            self.url
        );
        ensure!(
            !names.is_empty(),
            "there is no package in {0}: put one there with `aws s3 cp --recursive FOLDER {0}/NAME`",
            self.url
        );
        Ok(names.into_iter().collect())
    }

    /// What to say of a name that is not there.
    pub(super) fn missing(&self, name: &str, there: &[String]) -> String {
        let url = &self.url;
        let known =
            if there.is_empty() { String::new() } else { format!("; there are: {}", there.join(", ")) };
        format!("there is no package {name} in {url}, which means no object {url}/{name}/{MANIFEST}{known}")
    }

    /// The text of a package's `model.toml`.
    pub(super) async fn manifest(&self, name: &str) -> anyhow::Result<String> {
        let key = key(name, MANIFEST)?;
        let read = async { self.objects.get(&key, GetOptions::default()).await?.bytes(MAX_MANIFEST).await };
        let bytes = match read.await {
            Ok(bytes) => bytes,
            Err(ObjectsError::NotFound { .. }) => {
                // Only a help, which rights to read need not be enough for.
                let there: Vec<_> = self.manifests().await.unwrap_or_default().names.into_iter().collect();
                return Err(anyhow!("{}", self.missing(name, &there)));
            }
            Err(error) => return Err(error.into()),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| anyhow!("{MANIFEST} is no text in UTF-8"))?;
        Ok(text.to_owned())
    }

    /// Brings what is missing of a file, and compares all of it. `show` is told how much of it is there.
    pub(super) async fn bring(
        &self,
        arrival: &mut Arrival,
        (name, record): (&str, &FileRecord),
        show: &mut impl FnMut(u64),
    ) -> anyhow::Result<()> {
        let key = key(&arrival.manifest().name, name)?;
        let at = || format!("{}/{key}", self.url);
        let info = self.objects.head(&key, None).await.with_context(at)?;
        ensure!(
            info.size == record.bytes,
            "{} has {} bytes, and {MANIFEST} says {}: put the whole package there again",
            at(),
            info.size,
            record.bytes
        );
        let mut file = arrival.file(name)?;
        let resumed = file.held() > 0;
        self.fill(&mut file, &info, show).await.with_context(at)?;
        match arrival.accept(file) {
            // What an earlier process left may be what was wrong: a disk can lose what was not brought to it.
            Err(_) if resumed => {
                let mut file = arrival.file(name)?;
                self.fill(&mut file, &info, show).await.with_context(at)?;
                arrival.accept(file).with_context(|| blame(at()))
            }
            outcome => outcome.with_context(|| blame(at())),
        }
    }

    /// Fetches the rest of a file in pieces, some at once and each in its turn.
    async fn fill(
        &self,
        file: &mut ArrivingFile,
        info: &ObjectInfo,
        show: &mut impl FnMut(u64),
    ) -> anyhow::Result<()> {
        show(file.held());
        let fetched = pieces(file.held()..info.size).map(|piece| {
            let range = ByteRange::Span { first: piece.start, last: piece.end - 1 };
            let options = GetOptions { if_match: Some(info.etag.clone()), ..GetOptions::range(range) };
            async move { self.objects.get(&info.key, options).await?.bytes(PIECE).await }
        });
        let mut fetched = stream::iter(fetched).buffered(self.parallel);
        while let Some(bytes) = fetched.try_next().await? {
            file.append(&bytes)?;
            show(file.held());
        }
        Ok(())
    }

    /// The names below which there is a manifest, as far as there are not too many folders.
    async fn manifests(&self) -> Result<Found, ObjectsError> {
        let mut folders = Vec::new();
        let mut options = ListOptions { by_folder: true, ..ListOptions::default() };
        while folders.len() <= 10 * MOST {
            let Page { folders: more, next, .. } = self.objects.list(options.clone()).await?;
            folders.extend(more.into_iter().map(|folder| folder.trim_end_matches('/').to_owned()));
            options.page_token = next;
            if options.page_token.is_none() {
                break;
            }
        }
        let mut found = Found { names: BTreeSet::new(), all: options.page_token.is_none() };
        for name in folders {
            let Ok(key) = Key::new(format!("{name}/{MANIFEST}")) else { continue };
            match self.objects.head(&key, None).await {
                Ok(_) => {
                    found.names.insert(name);
                }
                Err(ObjectsError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn key(name: &str, file: &str) -> anyhow::Result<Key> {
    Key::new(format!("{name}/{file}")).with_context(|| format!("{name:?} cannot be a package's name"))
}

fn blame(object: impl Display) -> String {
    format!("{object} is not what its {MANIFEST} says: put the whole package there again")
}

/// The range cut into pieces.
fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let (mut start, end) = (range.start, range.end);
    std::iter::from_fn(move || {
        let piece = start..end.min(start.saturating_add(PIECE));
        start = piece.end;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::{PIECE, pieces};

    #[test]
    fn pieces_cover_a_range_once() {
        let cut = |range| pieces(range).map(|piece| (piece.start, piece.end)).collect::<Vec<_>>();
        assert_eq!(cut(5..5), []);
        assert_eq!(cut(3..9), [(3, 9)]);
        assert_eq!(cut(1..2 * PIECE + 1), [(1, PIECE + 1), (PIECE + 1, 2 * PIECE + 1)]);
        assert_eq!(cut(0..PIECE + 1), [(0, PIECE), (PIECE, PIECE + 1)]);
    }
}
