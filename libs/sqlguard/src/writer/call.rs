//! Calls of functions.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, ListAggOnOverflow, NullTreatment, ObjectNamePart, Spanned,
    WindowType,
};

use super::{Done, Writer, none, refused_node};

/// Functions that are called without parentheses, and may have a precision in them.
const MOMENTS: [&str; 5] =
    ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"];

impl Writer<'_> {
    pub(super) fn call(&mut self, call: &Function) -> Done {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            call;
        none(!uses_odbc_syntax, "such a call", "name(…)", call.span())?;
        none(
            matches!(parameters, FunctionArguments::None),
            "a call with parameters",
            "name(…)",
            call.span(),
        )?;
        let function = self.function(call)?;
        self.put(&function);
        match args {
            FunctionArguments::None if MOMENTS.contains(&function.as_str()) => {}
            FunctionArguments::List(arguments) => self.arguments(arguments, call)?,
            FunctionArguments::None | FunctionArguments::Subquery(_) => {
                return refused_node("such a call", "name(…)", name);
            }
        }
        if !within_group.is_empty() {
            self.put("WITHIN GROUP (");
            self.order(within_group)?;
            self.put(")");
        }
        if let Some(condition) = filter {
            self.put("FILTER (WHERE");
            self.expression(condition)?;
            self.put(")");
        }
        match null_treatment {
            None => {}
            Some(NullTreatment::IgnoreNulls) => self.put("IGNORE NULLS"),
            Some(NullTreatment::RespectNulls) => self.put("RESPECT NULLS"),
        }
        match over {
            None => Ok(()),
            Some(WindowType::NamedWindow(name)) => {
                self.put("OVER");
                self.name(name)
            }
            Some(WindowType::WindowSpec(window)) => {
                self.put("OVER");
                self.window(window)
            }
        }
    }

    /// The function's name, if it is one that only computes.
    fn function(&self, call: &Function) -> Result<String, crate::SqlError> {
        let [ObjectNamePart::Identifier(name)] = call.name.0.as_slice() else {
            return refused_node(
                "a function of a schema",
                "Athena's own functions, by their names alone",
                &call.name,
            );
        };
        let known = name.value.to_lowercase();
        let is_word = known.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_word && (MOMENTS.contains(&known.as_str()) || self.rules.allow_function(&known)) {
            return Ok(known);
        }
        refused_node(
            &format!("the function {:?}", name.value),
            "Athena's functions that only compute, and those that the operators of this tool have added",
            &call.name,
        )
    }

    fn arguments(&mut self, arguments: &FunctionArgumentList, call: &Function) -> Done {
        let FunctionArgumentList { duplicate_treatment, args, clauses } = arguments;
        self.join("(");
        match duplicate_treatment {
            None => {}
            Some(DuplicateTreatment::Distinct) => self.put("DISTINCT"),
            Some(DuplicateTreatment::All) => self.put("ALL"),
        }
        self.list(args, |writer, argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Lambda(lambda))) => writer.lambda(lambda),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => writer.expression(value),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => {
                writer.put("*");
                Ok(())
            }
            _ => refused_node("such an argument", "values by their order, and count(*)", call),
        })?;
        for clause in clauses {
            match clause {
                FunctionArgumentClause::OrderBy(keys) => self.order(keys)?,
                FunctionArgumentClause::OnOverflow(overflow) => self.overflow(overflow)?,
                _ => return refused_node("such a clause", "ORDER BY and ON OVERFLOW", call),
            }
        }
        self.put(")");
        Ok(())
    }

    fn overflow(&mut self, overflow: &ListAggOnOverflow) -> Done {
        self.put("ON OVERFLOW");
        match overflow {
            ListAggOnOverflow::Error => self.put("ERROR"),
            ListAggOnOverflow::Truncate { filler, with_count } => {
                self.put("TRUNCATE");
                if let Some(filler) = filler {
                    self.expression(filler)?;
                }
                self.put(if *with_count { "WITH COUNT" } else { "WITHOUT COUNT" });
            }
        }
        Ok(())
    }
}
