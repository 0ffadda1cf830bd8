//! One thing that is sold.

use serde_json::{Value, json};

/// A colour for each kind of look.
const COLOURS: [&str; 6] = ["#b23a48", "#2a6f97", "#8a5a44", "#606c38", "#6d6875", "#bc6c25"];

const SELLERS: [&str; 5] = ["Hearth & Home", "Good Things", "The Workshop", "Corner Store", "Old and New"];

/// One thing that is sold.
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) name: String,
    /// In cents.
    pub(crate) price: u64,
    /// Its place in the order in which things came in; the highest is the newest.
    pub(crate) number: usize,
}

impl Item {
    pub(crate) fn new(number: usize, look: &str, kind: &str) -> Self {
        // Anything but in order, and the same each time.
        let price = 500 + (number as u64 * 7919) % 24_500;
        Self { id: format!("{kind}-{look}"), name: format!("{look} {kind}"), price, number }
    }

    /// All that the API tells, which is more than most want to know.
    pub(crate) fn told(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "price": {"amount": format!("{}.{:02}", self.price / 100, self.price % 100), "currency": "EUR"},
            "url": format!("https://shop.example/items/{}", self.id),
            "images": [{"url": format!("https://shop.example/images/{}.svg", self.id), "width": 320, "height": 320}],
            "seller": {"id": self.number % 7, "name": SELLERS.get(self.number % SELLERS.len())},
            "categories": ["home", self.id.split('-').next()],
            "tags": self.name.split(' ').collect::<Vec<_>>(),
            "stock": self.number % 17,
            "warehouse": {"aisle": self.number / 20, "shelf": self.number % 20},
        })
    }

    pub(crate) fn picture(&self) -> String {
        let colour = COLOURS.get(self.number % COLOURS.len()).copied().unwrap_or("#000");
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"320\" height=\"320\"><rect width=\"320\" height=\"320\" \
             fill=\"{colour}\"/><text x=\"20\" y=\"170\" font-size=\"28\" fill=\"#fff\">{}</text></svg>",
            self.name
        )
    }
}
