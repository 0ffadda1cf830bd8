//! Queries: `WITH`, set operations, order and limits.

use sqlparser::ast::{
    Cte, Expr, Fetch, LimitClause, Offset, OffsetRows, OrderBy, OrderByExpr, OrderByKind, OrderByOptions,
    OrderBySort, Parens, Query, SetExpr, SetOperator, SetQuantifier, Spanned, TableAlias, Value, Values,
    With,
};

use super::{Done, Writer, none, refused, refused_node};

const BODIES: &str = "SELECT, VALUES, UNION, INTERSECT and EXCEPT";

impl Writer<'_> {
    /// A query; what it names by `WITH` is known within it only.
    pub(crate) fn query(&mut self, query: &Query) -> Done {
        let known = self.named.len();
        let done = self.deeper(|writer| writer.query_within(query));
        self.named.truncate(known);
        done
    }

    /// A query in parentheses.
    pub(super) fn subquery(&mut self, query: &Query) -> Done {
        self.put("(");
        self.query(query)?;
        self.put(")");
        Ok(())
    }

    fn query_within(&mut self, query: &Query) -> Done {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let span = query.span();
        none(locks.is_empty(), "FOR UPDATE or FOR SHARE", "reading without locks", span)?;
        none(for_clause.is_none(), "FOR XML, JSON or BROWSE", "rows as they are", span)?;
        none(settings.is_none(), "SETTINGS", "no settings", span)?;
        none(format_clause.is_none(), "FORMAT", "rows as they are", span)?;
        none(pipe_operators.is_empty(), "|>", BODIES, span)?;
        if let Some(with) = with {
            self.with(with)?;
        }
        self.body(body)?;
        if let Some(order_by) = order_by {
            self.order_by(order_by)?;
        }
        // Trino wants OFFSET before LIMIT, whichever came first.
        if let Some(limit) = limit_clause {
            self.limit(limit)?;
        }
        match fetch {
            Some(fetch) => self.fetch(fetch),
            None => Ok(()),
        }
    }

    fn with(&mut self, with: &With) -> Done {
        let With { with_token: _, recursive, cte_tables } = with;
        self.put("WITH");
        if *recursive {
            self.put("RECURSIVE");
        }
        self.list(cte_tables, |writer, named| writer.named(named, *recursive))
    }

    /// One name and what it stands for. It knows the names before it, and itself only where it may be recursive.
    fn named(&mut self, named: &Cte, is_recursive: bool) -> Done {
        let Cte { alias, query, from, materialized, closing_paren_token: _ } = named;
        let TableAlias { explicit: _, name, columns, at } = alias;
        none(from.is_none() && at.is_none(), "such a name", "WITH name AS (…)", alias.span())?;
        none(materialized.is_none(), "MATERIALIZED", "WITH name AS (…)", alias.span())?;
        let known = self.named.len();
        let written = self.give_name(name)?;
        let own = self.named.split_off(known);
        self.given_name(&written);
        self.alias_columns(columns)?;
        self.put("AS");
        if is_recursive {
            self.named.extend(own);
            return self.subquery(query);
        }
        self.subquery(query)?;
        self.named.extend(own);
        Ok(())
    }

    fn body(&mut self, body: &SetExpr) -> Done {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.subquery(query),
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                self.deeper(|writer| writer.body(left))?;
                self.put(match op {
                    SetOperator::Union => "UNION",
                    SetOperator::Except => "EXCEPT",
                    SetOperator::Intersect => "INTERSECT",
                    SetOperator::Minus => return refused_node("MINUS", "EXCEPT", body),
                });
                match set_quantifier {
                    SetQuantifier::None => {}
                    SetQuantifier::All => self.put("ALL"),
                    SetQuantifier::Distinct => self.put("DISTINCT"),
                    SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => {
                        return refused_node("BY NAME", "columns by their order", body);
                    }
                }
                self.deeper(|writer| writer.body(right))
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                refused_node("a statement that writes", BODIES, body)
            }
            SetExpr::Table(_) => refused_node("TABLE", "SELECT * FROM", body),
        }
    }

    fn values(&mut self, values: &Values) -> Done {
        let Values { explicit_row, value_keyword, rows } = values;
        let span = values.span();
        none(!explicit_row && !value_keyword, "such VALUES", "VALUES (…), (…)", span)?;
        self.put("VALUES");
        self.list(rows, |writer, row| {
            let Parens { opening_token: _, content, closing_token: _ } = row;
            writer.group(content, Self::expression)
        })
    }

    fn order_by(&mut self, order: &OrderBy) -> Done {
        let OrderBy { kind, interpolate } = order;
        none(interpolate.is_none(), "INTERPOLATE", "ORDER BY …", order.span())?;
        match kind {
            OrderByKind::Expressions(keys) => self.order(keys),
            OrderByKind::All(_) => refused_node("ORDER BY ALL", "ORDER BY and what to order by", order),
        }
    }

    /// `ORDER BY` and its keys.
    pub(super) fn order(&mut self, keys: &[OrderByExpr]) -> Done {
        self.put("ORDER BY");
        self.list(keys, |writer, key| {
            let OrderByExpr { expr, options, with_fill } = key;
            let OrderByOptions { sort, nulls_first } = options;
            none(with_fill.is_none(), "WITH FILL", "ORDER BY …", key.span())?;
            writer.expression(expr)?;
            match sort {
                None => {}
                Some(OrderBySort::Asc) => writer.put("ASC"),
                Some(OrderBySort::Desc) => writer.put("DESC"),
                Some(OrderBySort::Using(_)) => return refused_node("USING", "ASC and DESC", key),
            }
            match nulls_first {
                None => {}
                Some(true) => writer.put("NULLS FIRST"),
                Some(false) => writer.put("NULLS LAST"),
            }
            Ok(())
        })
    }

    fn limit(&mut self, limit: &LimitClause) -> Done {
        match limit {
            LimitClause::LimitOffset { limit, offset, limit_by } => {
                none(limit_by.is_empty(), "LIMIT … BY", "LIMIT and a number", span_of(limit_by))?;
                if let Some(Offset { value, rows: OffsetRows::None | OffsetRows::Row | OffsetRows::Rows }) =
                    offset
                {
                    self.put("OFFSET");
                    self.count(value)?;
                }
                match limit {
                    Some(limit) => {
                        self.put("LIMIT");
                        self.count(limit)
                    }
                    None => Ok(()),
                }
            }
            LimitClause::OffsetCommaLimit { offset, .. } => {
                refused_node("LIMIT a, b", "OFFSET a LIMIT b", offset)
            }
        }
    }

    fn fetch(&mut self, fetch: &Fetch) -> Done {
        let Fetch { with_ties, percent, quantity } = fetch;
        let span = quantity.as_ref().map_or_else(sqlparser::tokenizer::Span::empty, Spanned::span);
        none(!percent, "PERCENT", "a number of rows", span)?;
        self.put("FETCH FIRST");
        if let Some(quantity) = quantity {
            self.count(quantity)?;
        }
        self.put(if *with_ties { "ROWS WITH TIES" } else { "ROWS ONLY" });
        Ok(())
    }

    /// A number of rows: nothing that would have to be computed.
    fn count(&mut self, count: &Expr) -> Done {
        match count {
            Expr::Value(value) if matches!(value.value, Value::Number(..)) => self.literal(value),
            other => refused("what has to be computed", "a number of rows", other.span()),
        }
    }
}

fn span_of(expressions: &[Expr]) -> sqlparser::tokenizer::Span {
    expressions.first().map_or_else(sqlparser::tokenizer::Span::empty, Spanned::span)
}
