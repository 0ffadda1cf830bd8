//! Values and conditions.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, Expr, ExtractSyntax, InTarget,
    LambdaFunction, LambdaFunctionParameter, LambdaSyntax, OneOrManyWithParens, Query, Spanned, Subscript,
    TrimWhereField, UnaryOperator,
};

use super::{Done, Writer, none, refused_node};

const OPERATORS: &str = "+ - * / % || = <> < <= > >= AND OR";

impl Writer<'_> {
    /// A value or a condition.
    pub(super) fn expression(&mut self, value: &Expr) -> Done {
        self.deeper(|writer| match value {
            Expr::Value(literal) => writer.literal(literal),
            Expr::Identifier(name) => writer.name(name),
            Expr::CompoundIdentifier(names) => writer.names(names),
            Expr::Function(call) => writer.call(call),
            Expr::BinaryOp { left, op, right } => writer.binary(left, op, right),
            Expr::UnaryOp { op, expr } => writer.unary(*op, expr),
            Expr::Nested(inner) => writer.nested(inner),
            Expr::Subquery(query) => writer.subquery(query),
            Expr::Exists { subquery, negated } => writer.exists(subquery, *negated),
            Expr::In { expr, target, negated, global } => {
                none(!global, "GLOBAL", "IN (…)", value.span())?;
                writer.within(expr, target, *negated)
            }
            Expr::AnyOp { left, compare_op, right, is_some: _ } => {
                writer.quantified(left, compare_op, ("ANY", right))
            }
            Expr::AllOp { left, compare_op, right } => writer.quantified(left, compare_op, ("ALL", right)),
            Expr::Case { .. } => writer.case(value),
            Expr::Cast { .. } => writer.cast(value),
            Expr::TypedString(literal) => writer.typed(literal),
            Expr::Interval(interval) => writer.interval(interval),
            Expr::Array(Array { elem, named: true }) => writer.array(elem),
            Expr::Tuple(values) => writer.group(values, Self::expression),
            Expr::CompoundFieldAccess { root, access_chain } => writer.access(root, access_chain),
            Expr::AtTimeZone { timestamp, time_zone } => {
                writer.between_words(timestamp, "AT TIME ZONE", time_zone)
            }
            other => writer.less_common(other),
        })
    }

    fn less_common(&mut self, value: &Expr) -> Done {
        match value {
            Expr::IsNull(inner) => self.suffixed(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.suffixed(inner, "IS NOT NULL"),
            // Trino has no IS TRUE; this says the same.
            Expr::IsTrue(inner) => self.suffixed(inner, "IS NOT DISTINCT FROM TRUE"),
            Expr::IsFalse(inner) => self.suffixed(inner, "IS NOT DISTINCT FROM FALSE"),
            Expr::IsNotTrue(inner) => self.suffixed(inner, "IS DISTINCT FROM TRUE"),
            Expr::IsNotFalse(inner) => self.suffixed(inner, "IS DISTINCT FROM FALSE"),
            Expr::IsDistinctFrom(left, right) => self.between_words(left, "IS DISTINCT FROM", right),
            Expr::IsNotDistinctFrom(left, right) => self.between_words(left, "IS NOT DISTINCT FROM", right),
            Expr::Between { expr, negated, low, high } => {
                self.between_words(expr, if *negated { "NOT BETWEEN" } else { "BETWEEN" }, low)?;
                self.put("AND");
                self.expression(high)
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.between_words(expr, if *negated { "NOT LIKE" } else { "LIKE" }, pattern)?;
                match escape_char {
                    Some(escape) => {
                        self.put("ESCAPE");
                        self.expression(escape)
                    }
                    None => Ok(()),
                }
            }
            Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. } => self.spoken_call(value),
            Expr::ILike { .. } => refused_node("ILIKE", "lower(…) LIKE …", value),
            Expr::SimilarTo { .. } | Expr::RLike { .. } => {
                refused_node("such a pattern", "regexp_like(…)", value)
            }
            _ => refused_node("such an expression", "what Athena has in queries", value),
        }
    }

    /// Calls whose arguments have words between them.
    fn spoken_call(&mut self, value: &Expr) -> Done {
        match value {
            Expr::Extract { field, syntax, expr } => {
                none(
                    matches!(syntax, ExtractSyntax::From),
                    "such an EXTRACT",
                    "EXTRACT(… FROM …)",
                    value.span(),
                )?;
                self.put("EXTRACT");
                self.join("(");
                self.field(field, value.span())?;
                self.put("FROM");
                self.expression(expr)?;
            }
            Expr::Ceil { expr, field } => self.rounded("ceil", (expr, field), value)?,
            Expr::Floor { expr, field } => self.rounded("floor", (expr, field), value)?,
            Expr::Position { expr, r#in } => {
                self.put("POSITION");
                self.join("(");
                self.between_words(expr, "IN", r#in)?;
            }
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.put("substr");
                self.join("(");
                self.expression(expr)?;
                let Some(from) = substring_from else {
                    return refused_node("such a SUBSTRING", "substr(text, start, length)", value);
                };
                for argument in std::iter::once(from).chain(substring_for) {
                    self.put(",");
                    self.expression(argument)?;
                }
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                self.put("TRIM");
                self.join("(");
                match trim_where {
                    None => {}
                    Some(TrimWhereField::Both) => self.put("BOTH"),
                    Some(TrimWhereField::Leading) => self.put("LEADING"),
                    Some(TrimWhereField::Trailing) => self.put("TRAILING"),
                }
                if let Some(what) = trim_what {
                    self.expression(what)?;
                }
                if trim_where.is_some() || trim_what.is_some() {
                    self.put("FROM");
                }
                self.expression(expr)?;
            }
            _ => return refused_node("such a call", "what Athena has in queries", value),
        }
        self.put(")");
        Ok(())
    }

    fn rounded(&mut self, name: &str, (value, field): (&Expr, &CeilFloorKind), node: &Expr) -> Done {
        let is_plain =
            matches!(field, CeilFloorKind::DateTimeField(sqlparser::ast::DateTimeField::NoDateTime));
        none(is_plain, "such a rounding", "ceil(x), floor(x) and round(x, d)", node.span())?;
        self.put(name);
        self.join("(");
        self.expression(value)
    }

    fn binary(&mut self, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Done {
        let Some(sign) = sign(operator) else {
            return refused_node("such an operator", OPERATORS, left);
        };
        self.between_words(left, sign, right)
    }

    fn unary(&mut self, operator: UnaryOperator, value: &Expr) -> Done {
        self.put(match operator {
            UnaryOperator::Plus => "+",
            UnaryOperator::Minus => "-",
            UnaryOperator::Not => "NOT",
            _ => return refused_node("such an operator", "+, - and NOT", value),
        });
        self.expression(value)
    }

    fn nested(&mut self, value: &Expr) -> Done {
        self.put("(");
        self.expression(value)?;
        self.put(")");
        Ok(())
    }

    fn exists(&mut self, query: &Query, negated: bool) -> Done {
        if negated {
            self.put("NOT");
        }
        self.put("EXISTS");
        self.subquery(query)
    }

    fn within(&mut self, value: &Expr, target: &InTarget, negated: bool) -> Done {
        self.expression(value)?;
        self.put(if negated { "NOT IN" } else { "IN" });
        match target {
            InTarget::List(values) if !values.is_empty() => self.group(values, Self::expression),
            InTarget::Subquery(query) => self.subquery(query),
            InTarget::List(_) | InTarget::Unnest(_) | InTarget::Table { .. } => {
                refused_node("such an IN", "IN (value, …) and IN (SELECT …)", value)
            }
        }
    }

    fn quantified(
        &mut self,
        left: &Expr,
        operator: &BinaryOperator,
        (quantifier, right): (&str, &Expr),
    ) -> Done {
        let comparison = sign(operator).filter(|sign| matches!(*sign, "=" | "<>" | "<" | "<=" | ">" | ">="));
        match (comparison, right) {
            (Some(sign), Expr::Subquery(query)) => {
                self.expression(left)?;
                self.put(sign);
                self.put(quantifier);
                self.subquery(query)
            }
            _ => refused_node("such a comparison", "= ANY (SELECT …) and = ALL (SELECT …)", left),
        }
    }

    fn case(&mut self, value: &Expr) -> Done {
        let Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } = value else {
            return refused_node("such an expression", "CASE WHEN … THEN … END", value);
        };
        self.put("CASE");
        if let Some(operand) = operand {
            self.expression(operand)?;
        }
        for CaseWhen { condition, result } in conditions {
            self.put("WHEN");
            self.between_words(condition, "THEN", result)?;
        }
        if let Some(result) = else_result {
            self.put("ELSE");
            self.expression(result)?;
        }
        self.put("END");
        Ok(())
    }

    fn cast(&mut self, value: &Expr) -> Done {
        let Expr::Cast { kind, expr, data_type, format: None } = value else {
            return refused_node("such a CAST", "CAST(… AS type)", value);
        };
        self.put(match kind {
            CastKind::Cast => "CAST",
            CastKind::TryCast => "TRY_CAST",
            CastKind::SafeCast | CastKind::DoubleColon => {
                return refused_node("such a cast", "CAST(… AS type) and TRY_CAST(… AS type)", value);
            }
        });
        self.join("(");
        self.expression(expr)?;
        self.put("AS");
        self.data_type(data_type, value.span())?;
        self.put(")");
        Ok(())
    }

    fn array(&mut self, values: &[Expr]) -> Done {
        self.put("ARRAY");
        self.join("[");
        self.list(values, Self::expression)?;
        self.put("]");
        Ok(())
    }

    /// `row.field` and `array[1]`.
    fn access(&mut self, root: &Expr, steps: &[AccessExpr]) -> Done {
        if matches!(root, Expr::Value(_)) {
            return refused_node("a part of a literal", "parts of columns, calls and arrays", root);
        }
        self.expression(root)?;
        for step in steps {
            match step {
                AccessExpr::Dot(Expr::Identifier(name)) => {
                    self.join(".");
                    self.name(name)?;
                }
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    self.join("[");
                    self.expression(index)?;
                    self.put("]");
                }
                AccessExpr::Dot(_) | AccessExpr::Subscript(Subscript::Slice { .. }) => {
                    return refused_node("such a part", "row.field, array[1] and map['key']", root);
                }
            }
        }
        Ok(())
    }

    /// A function that is an argument of another one, and nothing else.
    pub(super) fn lambda(&mut self, lambda: &LambdaFunction) -> Done {
        let LambdaFunction { params, body, syntax } = lambda;
        none(matches!(syntax, LambdaSyntax::Arrow), "such a lambda", "x -> … and (x, y) -> …", body.span())?;
        match params {
            OneOrManyWithParens::One(parameter) => self.parameter(parameter)?,
            OneOrManyWithParens::Many(parameters) => self.group(parameters, Self::parameter)?,
        }
        self.put("->");
        self.expression(body)
    }

    fn parameter(&mut self, parameter: &LambdaFunctionParameter) -> Done {
        let LambdaFunctionParameter { name, data_type } = parameter;
        none(data_type.is_none(), "a type for a parameter", "x -> …", name.span)?;
        self.name(name)
    }

    fn suffixed(&mut self, value: &Expr, words: &str) -> Done {
        self.expression(value)?;
        self.put(words);
        Ok(())
    }

    pub(super) fn between_words(&mut self, left: &Expr, words: &str, right: &Expr) -> Done {
        self.expression(left)?;
        self.put(words);
        self.expression(right)
    }
}

/// The operators that Trino has too.
fn sign(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::StringConcat => "||",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::And => "AND",
        BinaryOperator::Or => "OR",
        _ => return None,
    })
}
