//! What may not run.

use sqlguard::SqlError;

use crate::stand::{checked, written};

/// Every one of them is refused.
pub const ATTACKS: &[(&str, &str)] = &[
    // Other statements, and how they hide.
    ("insert", "INSERT INTO t VALUES (1)"),
    ("insert of a query", "INSERT INTO t SELECT * FROM u"),
    ("update", "UPDATE t SET a = 1"),
    ("delete", "DELETE FROM t"),
    ("merge", "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE"),
    ("create", "CREATE TABLE x (a INT)"),
    ("create as", "CREATE TABLE x AS SELECT * FROM t"),
    ("create view", "CREATE OR REPLACE VIEW v AS SELECT 1"),
    ("drop", "DROP TABLE t"),
    ("alter", "ALTER TABLE t ADD PARTITION (d = '1')"),
    ("truncate", "TRUNCATE TABLE t"),
    ("unload", "UNLOAD (SELECT * FROM t) TO 's3://mine/' WITH (format = 'PARQUET')"),
    ("prepare", "PREPARE p FROM SELECT 1"),
    ("execute", "EXECUTE p"),
    ("execute immediate", "EXECUTE IMMEDIATE 'DROP TABLE t'"),
    ("deallocate", "DEALLOCATE PREPARE p"),
    ("explain", "EXPLAIN SELECT 1"),
    ("explain analyze", "EXPLAIN ANALYZE DELETE FROM t"),
    ("call", "CALL system.runtime.kill_query('x', 'y')"),
    ("set", "SET SESSION a = 1"),
    ("use", "USE hr"),
    ("show", "SHOW TABLES IN hr"),
    ("describe", "DESCRIBE hr.people"),
    ("msck", "MSCK REPAIR TABLE t"),
    ("optimize", "OPTIMIZE t REWRITE DATA USING BIN_PACK"),
    ("vacuum", "VACUUM t"),
    ("grant", "GRANT ALL ON t TO PUBLIC"),
    ("copy", "COPY t FROM STDIN"),
    ("table", "TABLE t"),
    ("external function", "USING EXTERNAL FUNCTION f(a VARCHAR) RETURNS VARCHAR LAMBDA 'fn' SELECT f('x')"),
    ("inline function", "WITH FUNCTION f(a INT) RETURNS INT RETURN a SELECT f(1)"),
    ("nothing", ""),
    ("only spaces", " \n\t "),
    ("only a semicolon", ";"),
    ("only parentheses", "(((("),
    // Several.
    ("two", "SELECT 1; DROP TABLE t"),
    ("two without a space", "SELECT 1;DROP TABLE t"),
    ("two queries", "SELECT 1; SELECT 2"),
    ("two without a semicolon", "SELECT 1 DROP TABLE t"),
    ("a trailing statement", "SELECT 1 FROM t INSERT INTO u VALUES (1)"),
    // Writing within a query.
    ("with insert", "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x"),
    ("with update", "WITH x AS (SELECT 1) UPDATE t SET a = 1"),
    ("with delete", "WITH x AS (SELECT 1) DELETE FROM t"),
    ("with merge", "WITH x AS (SELECT 1) MERGE INTO t USING x ON 1 = 1 WHEN MATCHED THEN DELETE"),
    ("writing with", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x"),
    ("writing with insert", "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x"),
    ("select into", "SELECT * INTO x FROM t"),
    ("into outfile", "SELECT * FROM t INTO OUTFILE '/tmp/x'"),
    ("for update", "SELECT * FROM t FOR UPDATE"),
    ("for share", "SELECT * FROM t FOR SHARE"),
    ("inner for update", "SELECT * FROM (SELECT * FROM t FOR UPDATE) x"),
    // Tables that are not allowed, by every way to a table.
    ("another database", "SELECT * FROM hr.people"),
    ("in quotes", "SELECT * FROM \"hr\".\"people\""),
    ("in capitals", "SELECT * FROM HR.People"),
    ("another catalog", "SELECT * FROM other.sales.orders"),
    ("the catalog of another account", "SELECT * FROM \"lambda:fn\".sales.orders"),
    ("four names", "SELECT * FROM a.b.c.d"),
    ("two names in one", "SELECT * FROM \"hr.people\""),
    ("a join", "SELECT * FROM t JOIN hr.people p ON 1 = 1"),
    ("a comma", "SELECT * FROM t, hr.people"),
    ("a nested join", "SELECT * FROM (t JOIN (u JOIN hr.people ON 1 = 1) ON 1 = 1)"),
    ("a subquery", "SELECT (SELECT max(a) FROM hr.people)"),
    ("in IN", "SELECT 1 WHERE 1 IN (SELECT a FROM hr.people)"),
    ("in EXISTS", "SELECT 1 WHERE EXISTS (SELECT 1 FROM hr.people)"),
    ("in ANY", "SELECT 1 WHERE 1 = ANY (SELECT a FROM hr.people)"),
    ("in a derived table", "SELECT * FROM (SELECT * FROM hr.people) x"),
    ("in LATERAL", "SELECT * FROM t CROSS JOIN LATERAL (SELECT * FROM hr.people) x"),
    ("in WITH", "WITH x AS (SELECT * FROM hr.people) SELECT * FROM x"),
    ("in an inner WITH", "SELECT * FROM (WITH x AS (SELECT * FROM hr.people) SELECT * FROM x)"),
    ("in a set operation", "SELECT 1 UNION SELECT a FROM hr.people"),
    ("in VALUES", "VALUES ((SELECT max(a) FROM hr.people))"),
    ("in ORDER BY", "SELECT a FROM t ORDER BY (SELECT max(a) FROM hr.people)"),
    ("in GROUP BY", "SELECT 1 FROM t GROUP BY (SELECT max(a) FROM hr.people)"),
    ("in HAVING", "SELECT 1 FROM t GROUP BY a HAVING (SELECT true FROM hr.people)"),
    ("in a window", "SELECT sum(a) OVER (ORDER BY (SELECT max(a) FROM hr.people)) FROM t"),
    ("in a frame", "SELECT sum(a) OVER (ORDER BY a ROWS (SELECT 1 FROM hr.people) PRECEDING) FROM t"),
    ("in a named window", "SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY (SELECT 1 FROM hr.people))"),
    ("in FILTER", "SELECT count(*) FILTER (WHERE (SELECT true FROM hr.people)) FROM t"),
    ("in WITHIN GROUP", "SELECT listagg(a) WITHIN GROUP (ORDER BY (SELECT a FROM hr.people)) FROM t"),
    ("in an argument", "SELECT abs((SELECT a FROM hr.people))"),
    ("in an ordered argument", "SELECT array_agg(a ORDER BY (SELECT a FROM hr.people)) FROM t"),
    ("in a lambda", "SELECT transform(a, x -> (SELECT a FROM hr.people)) FROM t"),
    ("in an index", "SELECT a[(SELECT b FROM hr.people)] FROM t"),
    ("in CASE", "SELECT CASE WHEN (SELECT true FROM hr.people) THEN 1 END"),
    ("in CAST", "SELECT CAST((SELECT a FROM hr.people) AS BIGINT)"),
    ("in UNNEST", "SELECT * FROM UNNEST((SELECT a FROM hr.people)) AS u (x)"),
    ("in ON", "SELECT * FROM t JOIN u ON (SELECT true FROM hr.people)"),
    ("in LIMIT", "SELECT * FROM t LIMIT (SELECT max(a) FROM hr.people)"),
    ("in OFFSET", "SELECT * FROM t OFFSET (SELECT max(a) FROM hr.people)"),
    ("in a sample", "SELECT * FROM t TABLESAMPLE BERNOULLI ((SELECT a FROM hr.people))"),
    ("by IN without parentheses", "SELECT 1 WHERE 1 IN hr.people"),
    ("by TABLE", "SELECT 1 UNION TABLE people"),
    ("information_schema", "SELECT * FROM information_schema.tables"),
    ("the whole name of it", "SELECT * FROM awsdatacatalog.information_schema.columns"),
    ("what belongs to another table", "SELECT * FROM hr.\"people$partitions\""),
    ("no such part of a table", "SELECT * FROM \"t$secrets\""),
    ("a name that only we give", "SELECT * FROM \"with$1\""),
    ("a name beyond its WITH", "WITH x AS (SELECT 1) SELECT * FROM x, (SELECT * FROM hr.x) y"),
    ("a qualified name like one in WITH", "WITH people AS (SELECT 1) SELECT * FROM hr.people"),
    ("a file", "SELECT * FROM 's3://bucket/key'"),
    ("a stage", "SELECT * FROM @stage"),
    // Functions that are not known, by every way to a function.
    ("a table function", "SELECT * FROM TABLE(system.query(query => 'SELECT 1'))"),
    ("a table function of a schema", "SELECT * FROM system.query('SELECT 1')"),
    ("a lateral table function", "SELECT * FROM LATERAL query('SELECT 1')"),
    ("a table function like a table", "SELECT * FROM sequence(1, 2)"),
    ("UNNEST in quotes", "SELECT * FROM \"unnest\"(ARRAY[1])"),
    ("an unknown function", "SELECT my_udf(a) FROM t"),
    ("a function of a schema", "SELECT hr.f(a) FROM t"),
    ("a known name in a schema", "SELECT hr.count(a) FROM t"),
    ("a function in quotes", "SELECT \"my udf\"(a) FROM t"),
    ("pg_sleep", "SELECT pg_sleep(1)"),
    ("load_file", "SELECT load_file('/etc/passwd')"),
    ("read_csv", "SELECT * FROM read_csv('s3://x')"),
    ("version", "SELECT version()"),
    ("a method", "SELECT a.f(1) FROM t"),
    ("a function behind an index", "SELECT a[1].f(2) FROM t"),
    ("a named argument", "SELECT abs(x => 1)"),
    ("a query as arguments", "SELECT array(SELECT 1)"),
    ("json_table", "SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (a INT PATH '$.a')) AS j"),
    ("match_recognize", "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS true)"),
    ("pivot", "SELECT * FROM t PIVOT (sum(a) FOR b IN (1, 2))"),
    ("an earlier version", "SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01 00:00:00'"),
    // Text tricks.
    ("a leading comment", "/* SELECT */ DROP TABLE t"),
    ("a comment before a query", "-- x\nSELECT 1"),
    ("a comment within", "SELECT/**/1"),
    ("a nested comment", "SELECT /* /* */ 1 */ 2"),
    ("a nested comment with more", "SELECT 1 /* /* */; DROP TABLE t /* */ */"),
    ("a comment that MySQL runs", "SELECT 1 /*! UNION SELECT * FROM hr.people */"),
    ("a hint", "SELECT /*+ x */ 1"),
    ("a comment of another kind", "SELECT 1 # x"),
    ("a comment at the end", "SELECT 1 --"),
    ("an open comment", "SELECT 1 /* x"),
    ("an open string", "SELECT 'x"),
    ("an open name", "SELECT \"x"),
    ("a backslash", "SELECT \\ 1"),
    ("a null byte", "SELECT 1\0; DROP TABLE t"),
    ("a null byte in a string", "SELECT 'a\0b'"),
    ("a bell", "SELECT '\u{7}'"),
    ("a letter that looks like one", "SEL\u{415}CT 1"),
    ("a full-width letter", "\u{ff33}ELECT 1"),
    ("a full-width semicolon", "SELECT 1\u{ff1b} DROP TABLE t"),
    ("a full-width quote", "SELECT \u{ff07}a\u{ff07}"),
    ("a no-break space", "SELECT\u{a0}1"),
    ("an ideographic space", "SELECT\u{3000}1"),
    ("a zero-width space", "SEL\u{200b}ECT 1"),
    ("a byte order mark", "\u{feff}SELECT 1"),
    ("a line separator", "SELECT 1\u{2028}DROP TABLE t"),
    ("text that runs backwards", "SELECT '\u{202e}txet'"),
    ("a tag character", "SELECT '\u{e0041}'"),
    ("backticks", "SELECT `a` FROM t"),
    ("brackets", "SELECT [a] FROM t"),
    ("a dollar string", "SELECT $$x$$"),
    ("a tagged dollar string", "SELECT $a$x$a$"),
    ("an escape string", "SELECT E'\\''"),
    ("a national string", "SELECT N'x'"),
    ("a unicode string", "SELECT U&'\\0041'"),
    ("a hexadecimal string", "SELECT X'41'"),
    ("a byte string", "SELECT b'x'"),
    ("a parameter", "SELECT ?"),
    ("a numbered parameter", "SELECT $1"),
    ("a named parameter", "SELECT :x"),
    ("a variable", "SELECT @x"),
    ("braces", "SELECT {fn now()}"),
    ("a double colon", "SELECT 1::BIGINT"),
    ("a lambda that is no argument", "SELECT (x -> x) FROM t"),
    ("a lambda within an argument", "SELECT abs(1 + (x -> x))"),
    ("an operator of another kind", "SELECT a -> 'b' FROM t"),
    ("a long arrow", "SELECT a ->> 'b' FROM t"),
    ("a bit operator", "SELECT 1 & 2"),
    ("a custom operator", "SELECT 1 OPERATOR(pg_catalog.+) 2"),
    ("a string as a name", "SELECT 1 AS 'x'"),
    ("a bang", "SELECT !true"),
    // What other databases have in a query.
    ("top", "SELECT TOP 1 * FROM t"),
    ("distinct on", "SELECT DISTINCT ON (a) a FROM t"),
    ("qualify", "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1"),
    ("connect by", "SELECT a FROM t CONNECT BY a = 1"),
    ("lateral view", "SELECT a FROM t LATERAL VIEW explode(b) x AS y"),
    ("from first", "FROM t SELECT a"),
    ("pipes", "FROM t |> SELECT a"),
    ("except of columns", "SELECT * EXCEPT (a) FROM t"),
    ("ilike", "SELECT 1 WHERE a ILIKE 'x'"),
    ("similar to", "SELECT 1 WHERE a SIMILAR TO 'x'"),
    ("a format", "SELECT 1 FORMAT JSON"),
    ("settings", "SELECT 1 SETTINGS max_threads = 1"),
    ("a hint for a table", "SELECT * FROM t WITH (NOLOCK)"),
    ("ONLY", "SELECT * FROM ONLY (t)"),
    ("a materialised name", "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x"),
    ("limit with a comma", "SELECT 1 LIMIT 1, 2"),
    ("a computed limit", "SELECT 1 LIMIT 1 + 1"),
    ("a type of another database", "SELECT CAST(a AS REGCLASS) FROM t"),
    ("a type in quotes", "SELECT CAST(a AS \"secret type\") FROM t"),
    ("a collation", "SELECT a COLLATE \"x\" FROM t"),
    ("an interval that is computed", "SELECT INTERVAL (1 + 1) DAY"),
    ("no columns", "SELECT FROM t"),
    ("a chain of NOT", "SELECT NOT NOT NOT NOT FROM hr.people"),
];

#[test]
fn each_attack_is_refused() {
    let mut passed = Vec::new();
    for (name, attack) in ATTACKS {
        if let Ok(statement) = checked(attack) {
            passed.push(format!("{name}: {attack:?} runs as {}", statement.text));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

/// The printer of the parser takes a quote behind a backslash for one that is escaped: printed by it, these strings would end
/// early, and what is in them would run.
#[test]
fn a_string_stays_a_string() {
    for (text, expected) in [
        (r"SELECT '\'", r"SELECT '\'"),
        (
            r"SELECT '\'' UNION SELECT * FROM hr.people WHERE ''x'",
            r"SELECT '\'' UNION SELECT * FROM hr.people WHERE ''x'",
        ),
        (r"SELECT '\' , ' FROM hr.people --'", r"SELECT '\', ' FROM hr.people --'"),
        ("SELECT 'a''''b'", "SELECT 'a''''b'"),
        ("SELECT '''' || ''''''", "SELECT '''' || ''''''"),
        ("SELECT '/* x */ -- y'", "SELECT '/* x */ -- y'"),
        ("SELECT ';DROP TABLE t'", "SELECT ';DROP TABLE t'"),
        (
            "SELECT \"\\\"\" FROM hr.people WHERE \"\"x\" FROM t",
            "SELECT \"\\\"\" FROM hr.people WHERE \"\"x\" FROM \"sales\".\"t\"",
        ),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn a_refusal_says_what_where_and_what_instead() {
    for (text, parts) in [
        ("SELECT 1;\nDROP TABLE t", &["line 1, column 9", "a second statement", "one statement"][..]),
        ("DROP TABLE t", &["line 1, column 1", "DROP", "SELECT"]),
        ("SELECT *\nFROM hr.people", &["line 2, column 6", "hr.people", "sales, logs_*"]),
        ("SELECT a,\n  my_udf(b) FROM t", &["line 2, column 3", "my_udf", "only compute"]),
        ("SELECT 1 FROM t FOR UPDATE", &["FOR UPDATE", "without locks"]),
        ("SELECT a FRM t WHERE", &["not SQL that is understood"]),
        ("SELECT * FROM information_schema.tables", &["information_schema.tables", "sales, logs_*"]),
    ] {
        let told = checked(text).unwrap_err().to_string();
        for part in parts {
            assert!(told.contains(part), "{text:?}: {told}");
        }
    }
}

#[test]
fn a_default_database_is_held_to_the_rules_too() {
    let error = sqlguard::check("SELECT 1", "hr", &crate::stand::rules()).unwrap_err();
    assert!(matches!(error, SqlError::Refused { .. }), "{error}");
}
