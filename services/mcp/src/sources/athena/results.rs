//! Reads a page of a result.

use aws_sdk_athena::{
    Client,
    operation::get_query_results::GetQueryResultsOutput,
    types::{ColumnInfo, ResultSetMetadata, Row},
};
use serde_json::{Value, json};

use super::{
    pages::Cursor,
    settings::{LARGEST_PAGE, Settings},
    trouble::{Trouble, explain},
    values::{size, typed},
};

/// Rows with the names and types of their columns, and where there are more.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Value>,
    pub(super) next: Option<Cursor>,
    bytes: usize,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: String,
}

/// How much one answer may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Bounds {
    /// What a caller asks for, within what there is for one answer.
    pub(super) fn of(asked: Option<usize>, settings: &Settings) -> Self {
        Self {
            rows: asked.unwrap_or(settings.max_rows).clamp(1, settings.max_rows),
            bytes: settings.max_bytes,
        }
    }
}

/// Reads from a place on, as much as the bounds allow, and at least one row if there is one.
pub(super) async fn read(client: &Client, mut cursor: Cursor, bounds: Bounds) -> Result<Page, Trouble> {
    let mut page = Page::default();
    loop {
        let answer = ask(client, &cursor, bounds.rows - page.rows.len()).await?;
        let next = answer.next_token.clone().filter(|token| !token.is_empty());
        page.take(&answer, &cursor, bounds)?;
        if page.next.is_some() {
            return Ok(page);
        }
        let Some(token) = next else { return Ok(page) };
        cursor = Cursor { query: cursor.query, page: Some(token), skip: 0 };
        if page.rows.len() >= bounds.rows {
            page.next = Some(cursor);
            return Ok(page);
        }
    }
}

async fn ask(client: &Client, cursor: &Cursor, wanted: usize) -> Result<GetQueryResultsOutput, Trouble> {
    // The first page begins with the names of the columns.
    let header = usize::from(cursor.page.is_none());
    let rows = (cursor.skip + wanted + header).min(LARGEST_PAGE);
    let request = client.get_query_results().query_execution_id(&cursor.query);
    let request = request.set_next_token(cursor.page.clone()).max_results(i32::try_from(rows).unwrap_or(1));
    request.send().await.map_err(|error| explain("read the result", error))
}

impl Page {
    /// Takes rows until a bound is met, and says then where to go on.
    fn take(
        &mut self,
        answer: &GetQueryResultsOutput,
        cursor: &Cursor,
        bounds: Bounds,
    ) -> Result<(), Trouble> {
        let Some(set) = answer.result_set() else { return Ok(()) };
        let described = set.result_set_metadata().map(ResultSetMetadata::column_info).unwrap_or_default();
        self.columns = described.iter().map(Column::of).collect();
        let mut rows = set.rows();
        if cursor.page.is_none() && rows.first().is_some_and(|row| self.is_header(row)) {
            rows = rows.get(1..).unwrap_or_default();
        }
        for (index, row) in rows.iter().enumerate().skip(cursor.skip) {
            let row = self.row(row);
            let bytes = row.iter().map(size).sum::<usize>() + 3;
            if bytes > bounds.bytes {
                return Err(Trouble::Told(format!(
                    "Row {index} of this page alone is larger than the {} bytes of an answer: select fewer columns, or a \
                     part of the long ones by substr(…)",
                    bounds.bytes
                )));
            }
            if self.rows.len() >= bounds.rows || self.bytes + bytes > bounds.bytes {
                self.next = Some(Cursor { skip: index, ..cursor.clone() });
                return Ok(());
            }
            self.bytes += bytes;
            self.rows.push(Value::Array(row));
        }
        Ok(())
    }

    fn is_header(&self, row: &Row) -> bool {
        let names = row.data().iter().map(|cell| cell.var_char_value().unwrap_or_default());
        !self.columns.is_empty() && names.eq(self.columns.iter().map(|column| column.name.as_str()))
    }

    fn row(&self, row: &Row) -> Vec<Value> {
        let cells = row.data().iter();
        cells.zip(&self.columns).map(|(cell, column)| typed(cell.var_char_value(), &column.kind)).collect()
    }

    /// The columns as an answer shows them.
    pub(super) fn told_columns(&self) -> Value {
        self.columns.iter().map(|column| json!({"name": column.name, "type": column.kind})).collect()
    }
}

impl Column {
    fn of(about: &ColumnInfo) -> Self {
        let name = about.label().unwrap_or(about.name()).to_owned();
        Self { name, kind: about.r#type().to_owned() }
    }
}
