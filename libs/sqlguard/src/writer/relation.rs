//! What stands behind `FROM`: tables, parts of the statement, joins.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Spanned,
    TableAlias, TableAliasColumnDef, TableFactor, TableFunctionArgs, TableSample, TableSampleKind,
    TableSampleMethod, TableSampleModifier, TableSampleQuantity, TableWithJoins, Value,
};

use super::{Done, Writer, names::Source, none, refused_node};

const SOURCES: &str = "tables, (SELECT …), LATERAL (SELECT …), UNNEST(…) and joins of them";
const JOINS: &str = "JOIN, LEFT JOIN, RIGHT JOIN, FULL JOIN and CROSS JOIN";

impl Writer<'_> {
    pub(super) fn joined(&mut self, table: &TableWithJoins) -> Done {
        let TableWithJoins { relation, joins } = table;
        self.relation(relation)?;
        joins.iter().try_for_each(|join| self.join_with(join))
    }

    fn relation(&mut self, relation: &TableFactor) -> Done {
        self.deeper(|writer| match relation {
            TableFactor::Table { .. } => writer.table(relation),
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                if *lateral {
                    writer.put("LATERAL");
                }
                writer.subquery(subquery)?;
                writer.alias(alias.as_ref())?;
                writer.sample(sample.as_ref(), relation)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                none(alias.is_none(), "a name for a join", "names for the tables in it", relation.span())?;
                writer.put("(");
                writer.joined(table_with_joins)?;
                writer.put(")");
                Ok(())
            }
            TableFactor::Function { .. } | TableFactor::TableFunction { .. } => {
                refused_node("a table function", SOURCES, relation)
            }
            _ => refused_node("such a source of rows", SOURCES, relation),
        })
    }

    fn table(&mut self, relation: &TableFactor) -> Done {
        let TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_directives,
            inheritance,
        } = relation
        else {
            return refused_node("such a source of rows", SOURCES, relation);
        };
        for (is_missing, what) in [
            (with_hints.is_empty() && index_directives.is_empty(), "a hint"),
            (version.is_none(), "an earlier version of a table"),
            (partitions.is_empty(), "PARTITION"),
            (json_path.is_none(), "a path behind a table"),
            (inheritance.is_none(), "ONLY"),
        ] {
            none(is_missing, what, SOURCES, relation.span())?;
        }
        if let Some(arguments) = args {
            self.unnest(name, arguments)?;
            if *with_ordinality {
                self.put("WITH ORDINALITY");
            }
            return self.alias(alias.as_ref());
        }
        none(!with_ordinality, "WITH ORDINALITY", "WITH ORDINALITY behind UNNEST(…)", relation.span())?;
        match (self.source(name)?, alias) {
            (Source::Named(name), None) => {
                self.put("AS");
                self.name(&name)?;
            }
            (_, alias) => self.alias(alias.as_ref())?,
        }
        self.sample(sample.as_ref(), relation)
    }

    /// The one function that makes rows.
    fn unnest(&mut self, name: &ObjectName, arguments: &TableFunctionArgs) -> Done {
        let TableFunctionArgs { args, settings } = arguments;
        let is_unnest = matches!(super::names::identifiers(name)?.as_slice(),
            [Ident { value, quote_style: None, span: _ }] if value.eq_ignore_ascii_case("unnest"));
        if !is_unnest || settings.is_some() {
            return refused_node("a table function", SOURCES, name);
        }
        self.put("UNNEST");
        self.join("(");
        self.list(args, |writer, argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => writer.expression(value),
            _ => refused_node("such an argument", "arrays and maps", name),
        })?;
        self.put(")");
        Ok(())
    }

    fn alias(&mut self, alias: Option<&TableAlias>) -> Done {
        let Some(TableAlias { explicit: _, name, columns, at }) = alias else { return Ok(()) };
        none(at.is_none(), "AT", "AS name (…)", name.span)?;
        self.put("AS");
        self.name(name)?;
        self.alias_columns(columns)
    }

    pub(super) fn alias_columns(&mut self, columns: &[TableAliasColumnDef]) -> Done {
        if columns.is_empty() {
            return Ok(());
        }
        self.group(columns, |writer, column| {
            let TableAliasColumnDef { name, data_type } = column;
            none(data_type.is_none(), "a type for a column", "names of columns", name.span)?;
            writer.name(name)
        })
    }

    /// `TABLESAMPLE BERNOULLI (10)`: a percentage, which also is what a query costs less.
    fn sample(&mut self, sample: Option<&TableSampleKind>, relation: &TableFactor) -> Done {
        let allowed = "TABLESAMPLE BERNOULLI (percentage) or SYSTEM (percentage)";
        let sample = match sample {
            None => return Ok(()),
            Some(TableSampleKind::AfterTableAlias(sample) | TableSampleKind::BeforeTableAlias(sample)) => {
                sample
            }
        };
        let TableSample { modifier, name, quantity, seed, bucket, offset } = sample.as_ref();
        let method = match name {
            Some(TableSampleMethod::Bernoulli) => "BERNOULLI",
            Some(TableSampleMethod::System) => "SYSTEM",
            Some(TableSampleMethod::Row | TableSampleMethod::Block) | None => "",
        };
        let quantity = match quantity {
            Some(TableSampleQuantity { parenthesized: true, value: Expr::Value(value), unit: None }) => {
                Some(value)
            }
            _ => None,
        };
        let is_plain = matches!(modifier, TableSampleModifier::TableSample)
            && seed.is_none()
            && bucket.is_none()
            && offset.is_none()
            && !method.is_empty();
        match quantity {
            Some(value) if is_plain && matches!(value.value, Value::Number(..)) => {
                self.put("TABLESAMPLE");
                self.put(method);
                self.put("(");
                self.literal(value)?;
                self.put(")");
                Ok(())
            }
            _ => refused_node("such a sample", allowed, relation),
        }
    }

    fn join_with(&mut self, join: &Join) -> Done {
        let Join { relation, global, join_operator } = join;
        none(!global, "GLOBAL", JOINS, join.span())?;
        let (keyword, constraint) = match join_operator {
            JoinOperator::Join(constraint) => ("JOIN", constraint),
            JoinOperator::Inner(constraint) => ("INNER JOIN", constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("LEFT JOIN", constraint),
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                ("RIGHT JOIN", constraint)
            }
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
            JoinOperator::CrossJoin(constraint) => ("CROSS JOIN", constraint),
            _ => return refused_node("such a join", JOINS, join),
        };
        if matches!(constraint, JoinConstraint::Natural) {
            self.put("NATURAL");
        }
        self.put(keyword);
        self.relation(relation)?;
        match constraint {
            JoinConstraint::None | JoinConstraint::Natural => Ok(()),
            JoinConstraint::On(condition) => {
                self.put("ON");
                self.expression(condition)
            }
            JoinConstraint::Using(columns) => {
                self.put("USING");
                self.columns(columns)
            }
            JoinConstraint::UsingAlias(..) => refused_node("a name for USING", "USING (…)", join),
        }
    }
}
