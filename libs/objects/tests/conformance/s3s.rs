//! The suite on S3 with s3s-fs, which checks signatures.

use std::sync::Arc;

use objects::{S3, S3Settings};
use testkit::S3Server;

use super::subject::{Subject, conforms};

async fn open() -> Subject {
    let server = S3Server::start(&["bucket"]).await.unwrap();
    let mut settings = S3Settings::new("bucket");
    settings.endpoint = Some(server.endpoint());
    settings.credentials = Some((S3Server::ACCESS_KEY.to_owned(), S3Server::SECRET.to_owned()));
    settings.part_size = 5 * 1024 * 1024;
    let store = Arc::new(S3::open(settings).await.unwrap());
    Subject { store, keeps_versions: false, signs: true, is_atomic: false, _server: Box::new(server) }
}

conforms!(open);
