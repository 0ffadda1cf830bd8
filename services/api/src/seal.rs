//! Words that only we can read again, and only where they belong.

use accounts::Keys;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

const PURPOSE: &str = "ondol page tokens, version 1";

/// Seals the places in lists that callers carry from one page to the next. What is in them would tell of other callers'
/// jobs, and a place in one list means nothing in another.
pub(crate) struct Seal {
    key: Option<RandomizedNonceKey>,
}

impl Seal {
    /// The seal that every replica with these keys has.
    pub(crate) fn of(keys: &Keys) -> Self {
        // Of no keys at all, anybody could know the secret. Pages then go on only where they began.
        let secret = if keys.is_empty() { random() } else { Some(keys.secret_for(PURPOSE)) };
        // A key of this length is always one.
        Self { key: secret.and_then(|secret| RandomizedNonceKey::new(&AES_256_GCM, &secret).ok()) }
    }

    /// Words for whoever belongs to `context`.
    pub(crate) fn close(&self, context: &str, words: &str) -> Option<String> {
        let mut sealed = words.as_bytes().to_vec();
        let nonce = self.key.as_ref()?.seal_in_place_append_tag(Aad::from(context), &mut sealed).ok()?;
        sealed.splice(0..0, *nonce.as_ref());
        Some(hex::encode(sealed))
    }

    /// The words, if they were sealed here and for this context.
    pub(crate) fn open(&self, context: &str, sealed: &str) -> Option<String> {
        let mut sealed = hex::decode(sealed).ok()?;
        if sealed.len() < NONCE_LEN {
            return None;
        }
        let mut words = sealed.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&sealed).ok()?;
        let opened = self.key.as_ref()?.open_in_place(nonce, Aad::from(context), &mut words).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

fn random() -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    aws_lc_rs::rand::fill(&mut secret).ok()?;
    Some(secret)
}

#[cfg(test)]
mod tests {
    use accounts::{KeyArguments, Keys};
    use sha2::{Digest, Sha256};

    use super::Seal;

    fn seal(secret: &str) -> Seal {
        let pair = format!("laptop:{}", hex::encode(Sha256::digest(secret)));
        Seal::of(&Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap())
    }

    #[test]
    fn words_are_read_again_only_where_they_belong() {
        let sealed = seal("one").close("team-a jobs", "0 all 17 id").unwrap();
        assert_eq!(seal("one").open("team-a jobs", &sealed).unwrap(), "0 all 17 id");
        assert_eq!(seal("one").open("team-b jobs", &sealed), None);
        assert_eq!(seal("two").open("team-a jobs", &sealed), None);
        let hidden = hex::encode("all");
        assert!(!sealed.contains(&hidden));
    }

    #[test]
    fn without_a_key_of_the_file_no_other_process_has_the_seal() {
        let none = || Seal::of(&Keys::load_beside_a_store(&KeyArguments::default()).unwrap());
        let (one, other) = (none(), none());
        let sealed = one.close("a", "words").unwrap();
        assert_eq!((one.open("a", &sealed).as_deref(), other.open("a", &sealed)), (Some("words"), None));
    }

    #[test]
    fn what_was_not_sealed_here_is_nothing() {
        let sealed = seal("one").close("a", "words").unwrap();
        let damaged = format!("{}{}", &sealed[..sealed.len() - 2], "00");
        for wrong in
            ["", "00", "zz", &"00".repeat(12), &"00".repeat(40), &damaged, &sealed[2..], "0 all 17 id"]
        {
            assert_eq!(seal("one").open("a", wrong), None, "{wrong}");
        }
    }
}
