//! What is asked of `/items`, and the answer.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::{catalogue::Catalogue, items::Item};

const LARGEST_PAGE: usize = 100;

/// What is asked.
pub(crate) struct Search {
    words: Vec<String>,
    sort: Sort,
    page: usize,
    size: usize,
}

#[derive(Clone, Copy)]
enum Sort {
    Relevance,
    Cheapest,
    Dearest,
    Newest,
}

impl Search {
    /// Reads a query; the error says what is wrong with it.
    pub(crate) fn of(query: &str) -> Result<Self, String> {
        let mut search = Self { words: Vec::new(), sort: Sort::Relevance, page: 1, size: 20 };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "query" => {
                    search.words = value.to_lowercase().split_whitespace().map(str::to_owned).collect();
                }
                "sort" => search.sort = Sort::of(&value)?,
                "page" => search.page = number("page", &value, 10_000)?,
                "page_size" => search.size = number("page_size", &value, LARGEST_PAGE)?,
                // The door has seen to it.
                "key" => {}
                _ => {
                    return Err(format!(
                        "{name:.40} is not known; there are query, sort, page and page_size"
                    ));
                }
            }
        }
        Ok(search)
    }

    pub(crate) fn answer(&self, catalogue: &Catalogue) -> Value {
        let mut found: Vec<&Item> = catalogue.all().iter().filter(|item| self.score(item) > 0).collect();
        match self.sort {
            Sort::Relevance => found.sort_by_key(|item| Reverse(self.score(item))),
            Sort::Cheapest => found.sort_by_key(|item| item.price),
            Sort::Dearest => found.sort_by_key(|item| Reverse(item.price)),
            Sort::Newest => found.sort_by_key(|item| Reverse(item.number)),
        }
        let page = found.iter().skip((self.page - 1) * self.size).take(self.size);
        json!({
            "total": found.len(),
            "page": self.page,
            "pages": found.len().div_ceil(self.size),
            "items": page.map(|item| item.told()).collect::<Vec<_>>(),
        })
    }

    /// How many of the words are in its name; everything fits where none are asked for.
    fn score(&self, item: &Item) -> usize {
        if self.words.is_empty() {
            return 1;
        }
        self.words
            .iter()
            .filter(|word| item.name.split(' ').any(|own| own.starts_with(word.as_str())))
            .count()
    }
}

impl Sort {
    fn of(word: &str) -> Result<Self, String> {
        match word {
            "relevance" => Ok(Self::Relevance),
            "price_asc" => Ok(Self::Cheapest),
            "price_desc" => Ok(Self::Dearest),
            "newest" => Ok(Self::Newest),
            _ => Err("sort: expected relevance, price_asc, price_desc or newest".to_owned()),
        }
    }
}

fn number(name: &str, value: &str, most: usize) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("{name}: expected a number from 1 to {most}"))
}

#[cfg(test)]
mod tests {
    use super::Search;
    use crate::catalogue::Catalogue;

    fn names(query: &str) -> Vec<String> {
        let answer = Search::of(query).unwrap().answer(&Catalogue::new());
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_best_match_comes_first() {
        let found = names("query=red+desk");
        assert_eq!(found[0], "red desk");
        assert!(found.len() > 1 && found.iter().all(|name| name.contains("red") || name.contains("desk")));
        assert!(names("query=submarine").is_empty());
    }

    #[test]
    fn pages_follow_each_other() {
        let all = names("query=lamp&sort=price_asc&page_size=100");
        let pages: Vec<_> = (1..=3)
            .flat_map(|page| names(&format!("query=lamp&sort=price_asc&page_size=5&page={page}")))
            .collect();
        assert_eq!(pages, all);
        let dearest: Vec<_> = all.into_iter().rev().collect();
        assert_eq!(names("query=lamp&sort=price_desc&page_size=100"), dearest);
    }

    #[test]
    fn wrong_questions_are_told() {
        for (query, said) in
            [("sort=best", "sort"), ("page=0", "page"), ("page_size=101", "page_size"), ("q=x", "q ")]
        {
            assert!(Search::of(query).err().unwrap().contains(said), "{query}");
        }
    }
}
