//! What the suite is told about a store.

use std::sync::Arc;

use objects::{Attributes, Key, Objects};

/// An empty store and what it can do.
pub struct Subject {
    pub store: Arc<dyn Objects>,
    /// Whether its bucket keeps versions; else it says that it cannot list them.
    pub keeps_versions: bool,
    /// Whether it signs URLs; else it says that it cannot.
    pub signs: bool,
    /// Whether conditions are decided together with the write. S3 itself does, the stand-ins look first and write later.
    pub is_atomic: bool,
    /// Whatever must live as long as the store.
    pub _server: Box<dyn Send>,
}

pub fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub fn attributes() -> Attributes {
    let mut attributes = Attributes::content_type("text/plain; charset=utf-8");
    attributes.cache_control = Some("private, max-age=60".to_owned());
    attributes.metadata.insert("trace-id".to_owned(), "4bf92f3577b34da6".to_owned());
    attributes
}

/// Bytes that are the same everywhere and repeat nowhere near.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = (0..length.div_ceil(8)).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(length).collect()
}

/// All tests of the suite against what `$open` makes, each with a store of its own.
macro_rules! conforms {
    ($open:path: $($area:ident :: $test:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                super::suite::$area::$test(&$open().await).await;
            }
        )+
    };
    ($open:path) => {
        $crate::subject::conforms!(
            $open:
            write::what_was_written_is_read_back,
            write::an_empty_object_is_an_object,
            write::keys_may_have_any_characters,
            write::attributes_that_fit_no_header_are_refused,
            condition::a_key_is_created_once,
            condition::a_content_is_replaced_only_if_it_is_the_expected_one,
            condition::of_many_creators_one_succeeds,
            read::a_range_is_the_bytes_asked_for,
            read::what_the_reader_has_is_not_sent_again,
            read::what_is_not_there_is_told,
            read::an_object_too_large_for_memory_is_not_read,
            stream::a_large_object_passes_in_pieces,
            stream::a_large_object_is_created_once,
            stream::small_writes_become_lines,
            stream::what_was_not_finished_is_not_there,
            list::pages_hold_every_key_once_and_in_order,
            list::one_level_tells_folders,
            list::pages_have_a_limit,
            delete::what_was_deleted_is_gone,
            delete::any_number_is_deleted_at_once,
            versions::older_contents_stay_where_versions_are_kept,
            url::a_signed_url_needs_no_credentials,
            url::a_signed_url_writes_what_was_signed,
        );
    };
}
pub(crate) use conforms;
