//! What the shop sells: the same things each time.

use crate::items::Item;

const KINDS: [&str; 20] = [
    "desk", "lamp", "chair", "shelf", "kettle", "teapot", "blanket", "pillow", "mirror", "clock", "basket",
    "stool", "rug", "vase", "bowl", "pan", "knife", "towel", "candle", "bench",
];
const LOOKS: [&str; 12] = [
    "red", "blue", "oak", "walnut", "small", "large", "folding", "woollen", "steel", "round", "plain", "old",
];

/// Everything, in the order in which it came into the shop.
pub(crate) struct Catalogue(Vec<Item>);

impl Catalogue {
    pub(crate) fn new() -> Self {
        let all = KINDS.iter().flat_map(|kind| LOOKS.iter().map(move |look| (*kind, *look)));
        Self(all.enumerate().map(|(number, (kind, look))| Item::new(number, look, kind)).collect())
    }

    pub(crate) fn all(&self) -> &[Item] {
        &self.0
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Item> {
        self.0.iter().find(|item| item.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::Catalogue;

    #[test]
    fn everything_has_an_id_of_its_own() {
        let catalogue = Catalogue::new();
        assert_eq!(catalogue.all().len(), 240);
        for item in catalogue.all() {
            assert_eq!(catalogue.find(&item.id).unwrap().name, item.name);
        }
    }
}
