//! `ondol model pull`: packages out of a bucket, for pods that start without any.

mod access;
mod digests;
mod elsewhere;

use std::{io::ErrorKind, time::Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use models::{Arrival, Manifest, ModelError, Store, digest};
use objects::Location;

use self::{access::Access, digests::Expected, elsewhere::Elsewhere};
use crate::{folders::ModelsFolder, misuse::Misuse, output::say, progress::Bar, text::size};

/// What to fetch, whence and whither.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ondol model pull s3://acme-models/packages --model smollm2-135m-instruct\n  \
                        ondol model pull s3://acme-models/packages --model qwen3-8b --expect-digest qwen3-8b=sha256:3b7c…\n\n\
                        A package that is there already is not fetched again. What has come when the command ends waits, \
                        and the same command goes on behind it."
)]
pub(crate) struct Arguments {
    /// The folder of packages, each in a folder of its name: `s3://BUCKET/PREFIX`, or `file:///FOLDER`. Credentials come
    /// from the environment, the profile, or the pod's or machine's role
    url: Location,
    /// A model to fetch, more than once for several [default: all that are there]
    #[arg(long = "model", value_name = "NAME")]
    names: Vec<String>,
    /// The digest that a package must have, as `ondol model show` prints it: NAME=sha256:HEX; more than once for several
    #[arg(long = "expect-digest", value_name = "NAME=sha256:HEX")]
    expected: Vec<Expected>,
    #[command(flatten)]
    models: ModelsFolder,
    /// Put a package in the place of another one with the same name. A damaged one is replaced without a word
    #[arg(long)]
    replace: bool,
    /// Requests at the same time; each takes 8 MiB of memory
    #[arg(long, default_value_t = 8, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=64))]
    parallel: u8,
    #[command(flatten)]
    access: Access,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for Expected { name, .. } in &arguments.expected {
        if !arguments.names.is_empty() && !arguments.names.contains(name) {
            let problem = anyhow::anyhow!("--expect-digest is about {name}, which no --model asks for");
            return Err(Misuse::of(problem));
        }
    }
    let store = Store::create(&arguments.models.path)?;
    runtime::install_crypto_provider();
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    executor.block_on(async {
        let elsewhere = Elsewhere::open(&arguments.url, &arguments.access, arguments.parallel).await?;
        let names = match &arguments.names[..] {
            [] => elsewhere.names().await?,
            names => names.to_vec(),
        };
        for Expected { name, .. } in &arguments.expected {
            ensure!(names.contains(name), "{}", elsewhere.missing(name, &names));
        }
        for name in &names {
            let wanted = Wanted { name, arguments, store: &store, elsewhere: &elsewhere };
            wanted.pull().await.with_context(|| format!("pulling {name} from {}", arguments.url))?;
        }
        Ok(())
    })
}

/// One package that is to be there in the end.
struct Wanted<'a> {
    name: &'a str,
    arguments: &'a Arguments,
    store: &'a Store,
    elsewhere: &'a Elsewhere,
}

impl Wanted<'_> {
    async fn pull(&self) -> anyhow::Result<()> {
        let start = Instant::now();
        let expected = self.arguments.expected.iter().find(|it| it.name == self.name);
        // What is known to be right needs no bucket, which may be away.
        if let Some(expected) = expected
            && self.holds(&expected.digest)
        {
            self.say_there(&expected.digest);
            return Ok(());
        }
        let text = self.elsewhere.manifest(self.name).await?;
        let found = digest(text.as_bytes());
        if let Some(expected) = expected.filter(|it| it.digest != found) {
            bail!(
                "its digest is sha256:{found}, expected sha256:{}: somebody put another package there; put the right one \
                 back, or expect this one",
                expected.digest
            );
        }
        if self.holds(&found) {
            self.say_there(&found);
            return Ok(());
        }
        let manifest = self.fetch(&text).await?;
        say!(
            "Pulled {} ({}, {}) in {:.1} s from {} into {}: sha256:{found}",
            self.name,
            manifest.precision.as_str(),
            size(total(&manifest)),
            start.elapsed().as_secs_f64(),
            self.arguments.url,
            self.store.root().join(self.name).display(),
        );
        Ok(())
    }

    /// Whether this very package is there, each file with its size. Their bytes were compared before it got its place.
    fn holds(&self, digest: &str) -> bool {
        self.store.package(self.name).is_ok_and(|package| package.digest() == digest)
    }

    fn say_there(&self, digest: &str) {
        say!("{} is there already, in {}: sha256:{digest}", self.name, self.store.root().display());
    }

    async fn fetch(&self, text: &str) -> anyhow::Result<Manifest> {
        let said = Manifest::parse(text)?.name;
        ensure!(
            said == self.name,
            "its model.toml calls it {said}: a package lies in a folder of its own name"
        );
        let mut arrival =
            Arrival::begin(self.store, text, self.arguments.replace || self.is_broken()).map_err(taught)?;
        let manifest = arrival.manifest().clone();
        let (mut bar, whole, mut done) = (Bar::new("Pulling"), total(&manifest), 0);
        for (file, record) in &manifest.files {
            let mut show = |held: u64| bar.show(done + held, whole);
            self.elsewhere.bring(&mut arrival, (file, record), &mut show).await?;
            done += record.bytes;
        }
        Ok(arrival.commit()?)
    }

    /// Whether there is something of this name that nobody can use. One that may only not be read may well be whole.
    fn is_broken(&self) -> bool {
        match self.store.package(self.name) {
            Ok(_) | Err(ModelError::NotFound { .. }) => false,
            Err(ModelError::Io { source, .. }) => source.kind() == ErrorKind::NotFound,
            Err(_) => true,
        }
    }
}

fn total(manifest: &Manifest) -> u64 {
    manifest.files.values().map(|file| file.bytes).sum()
}

/// The error, with the flag of this command where it is the way out.
fn taught(error: ModelError) -> anyhow::Error {
    match error {
        ModelError::AlreadyExists { name } => anyhow::anyhow!(
            "the store has another package {name}: `ondol model pull` puts this one in its place with --replace"
        ),
        other => other.into(),
    }
}
