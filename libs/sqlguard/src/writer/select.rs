//! `SELECT`.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, NamedWindowDefinition, NamedWindowExpr, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned, WildcardAdditionalOptions,
};

use super::{Done, Writer, names::identifiers, none, refused, refused_node};

const PARTS: &str = "SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW …";

impl Writer<'_> {
    pub(super) fn select(&mut self, select: &Select) -> Done {
        self.deeper(|writer| {
            check_parts(select)?;
            writer.put("SELECT");
            writer.distinct(select)?;
            writer.list(&select.projection, Self::item)?;
            if !select.from.is_empty() {
                writer.put("FROM");
                writer.list(&select.from, Self::joined)?;
            }
            writer.clause("WHERE", select.selection.as_ref())?;
            writer.group_by(&select.group_by)?;
            writer.clause("HAVING", select.having.as_ref())?;
            if !select.named_window.is_empty() {
                writer.put("WINDOW");
                writer.list(&select.named_window, Self::named_window)?;
            }
            Ok(())
        })
    }

    fn clause(&mut self, keyword: &str, condition: Option<&Expr>) -> Done {
        match condition {
            Some(condition) => {
                self.put(keyword);
                self.expression(condition)
            }
            None => Ok(()),
        }
    }

    fn distinct(&mut self, select: &Select) -> Done {
        match &select.distinct {
            None => {}
            Some(Distinct::All) => self.put("ALL"),
            Some(Distinct::Distinct) => self.put("DISTINCT"),
            Some(Distinct::On(_)) => {
                return refused_node("DISTINCT ON", "DISTINCT, or max_by(…) with GROUP BY", select);
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &SelectItem) -> Done {
        match item {
            SelectItem::UnnamedExpr(value) => self.expression(value),
            SelectItem::ExprWithAlias { expr, alias } => {
                self.expression(expr)?;
                self.put("AS");
                self.name(alias)
            }
            SelectItem::ExprWithAliases { .. } => {
                refused_node("several names for one value", "value AS name", item)
            }
            SelectItem::Wildcard(options) => {
                check_wildcard(options)?;
                self.put("*");
                Ok(())
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                check_wildcard(options)?;
                for part in identifiers(name)? {
                    self.name(part)?;
                    self.join(".");
                }
                self.join("*");
                Ok(())
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => {
                refused_node("the columns of a value", "table.*", item)
            }
        }
    }

    fn group_by(&mut self, group_by: &GroupByExpr) -> Done {
        match group_by {
            GroupByExpr::Expressions(keys, modifiers) => {
                none(
                    modifiers.is_empty(),
                    "GROUP BY … WITH",
                    "ROLLUP (…), CUBE (…) or GROUPING SETS (…)",
                    group_by.span(),
                )?;
                if keys.is_empty() {
                    return Ok(());
                }
                self.put("GROUP BY");
                self.list(keys, Self::group_key)
            }
            GroupByExpr::All(_) => refused_node("GROUP BY ALL", "GROUP BY and what to group by", group_by),
        }
    }

    fn group_key(&mut self, key: &Expr) -> Done {
        let (keyword, sets) = match key {
            Expr::GroupingSets(sets) => ("GROUPING SETS", sets),
            Expr::Cube(sets) => ("CUBE", sets),
            Expr::Rollup(sets) => ("ROLLUP", sets),
            // `GROUP BY ()`: one group of everything.
            Expr::Tuple(keys) => return self.group(keys, Self::expression),
            other => return self.expression(other),
        };
        self.put(keyword);
        self.group(sets, |writer, set| match set.as_slice() {
            [key] => writer.expression(key),
            keys => writer.group(keys, Self::expression),
        })
    }

    fn named_window(&mut self, window: &NamedWindowDefinition) -> Done {
        let NamedWindowDefinition(name, window) = window;
        self.name(name)?;
        self.put("AS");
        match window {
            NamedWindowExpr::WindowSpec(window) => self.window(window),
            NamedWindowExpr::NamedWindow(name) => {
                refused("a second name for a window", "name AS (…)", name.span)
            }
        }
    }
}

/// Every part of `SELECT` that other databases have. Those that are written stand here too, so that a new one is noticed.
fn check_parts(select: &Select) -> Done {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct,
        projection,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window: _,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let span = select.span();
    for (is_missing, what) in [
        (optimizer_hints.is_empty(), "a hint"),
        (select_modifiers.is_none(), "such a SELECT"),
        (top.is_none() && !top_before_distinct, "TOP"),
        (!projection.is_empty(), "SELECT without columns"),
        (exclude.is_none(), "EXCLUDE"),
        (into.is_none(), "SELECT INTO"),
        (lateral_views.is_empty(), "LATERAL VIEW"),
        (prewhere.is_none(), "PREWHERE"),
        (connect_by.is_empty(), "CONNECT BY"),
        (cluster_by.is_empty(), "CLUSTER BY"),
        (distribute_by.is_empty(), "DISTRIBUTE BY"),
        (sort_by.is_empty(), "SORT BY"),
        (qualify.is_none(), "QUALIFY"),
        (value_table_mode.is_none(), "SELECT AS"),
        (matches!(flavor, SelectFlavor::Standard), "FROM before SELECT"),
    ] {
        none(is_missing, what, PARTS, span)?;
    }
    Ok(())
}

fn check_wildcard(options: &WildcardAdditionalOptions) -> Done {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let is_plain = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    none(is_plain, "such a *", "* alone", options.span())
}
