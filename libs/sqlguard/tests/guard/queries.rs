//! What may run, and what it is written as.

use crate::stand::{checked, written};

#[test]
fn a_query_is_written_with_quotes_and_databases() {
    for (text, expected) in [
        ("select 1", "SELECT 1"),
        ("SELECT a, b AS c FROM orders", r#"SELECT "a", "b" AS "c" FROM "sales"."orders""#),
        ("SELECT o.* FROM orders o;", r#"SELECT "o".* FROM "sales"."orders" AS "o""#),
        ("SELECT * FROM logs_a.hits", r#"SELECT * FROM "logs_a"."hits""#),
        ("SELECT * FROM awsdatacatalog.Sales.Orders", r#"SELECT * FROM "Sales"."Orders""#),
        ("SELECT 'it''s', \"a \"\" b\" FROM t", r#"SELECT 'it''s', "a "" b" FROM "sales"."t""#),
        ("SELECT a FROM t LIMIT 5 OFFSET 2", r#"SELECT "a" FROM "sales"."t" OFFSET 2 LIMIT 5"#),
        ("VALUES (1, 'a'), (2, 'b')", "VALUES (1, 'a'), (2, 'b')"),
        ("SELECT - -1, 1 - -1", "SELECT - - 1, 1 - - 1"),
        ("SELECT 1 UNION ALL (SELECT 2)", "SELECT 1 UNION ALL (SELECT 2)"),
        ("SELECT current_date", "SELECT current_date"),
        ("SELECT CURRENT_TIMESTAMP(3)", "SELECT current_timestamp(3)"),
        ("SELECT current_user", r#"SELECT "current_user""#),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn what_with_names_is_renamed() {
    for (text, expected) in [
        (
            "WITH a AS (SELECT 1 x) SELECT a.x FROM a",
            r#"WITH "with$1" AS (SELECT 1 AS "x") SELECT "a"."x" FROM "with$1" AS "a""#,
        ),
        (
            "WITH t AS (SELECT * FROM t) SELECT * FROM T AS u",
            r#"WITH "with$1" AS (SELECT * FROM "sales"."t") SELECT * FROM "with$1" AS "u""#,
        ),
        (
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
            r#"WITH RECURSIVE "with$1" ("i") AS (SELECT 1 UNION ALL SELECT "i" + 1 FROM "with$1" AS "n" WHERE "i" < 9) SELECT "i" FROM "with$1" AS "n""#,
        ),
        (
            "WITH a AS (SELECT 1), b AS (WITH a AS (SELECT 2) SELECT * FROM a) SELECT * FROM a, b",
            r#"WITH "with$1" AS (SELECT 1), "with$2" AS (WITH "with$3" AS (SELECT 2) SELECT * FROM "with$3" AS "a") SELECT * FROM "with$1" AS "a", "with$2" AS "b""#,
        ),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
    // A name is known after it was given, and within its query only.
    let statement = checked("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a").unwrap();
    assert_eq!(statement.tables.iter().map(ToString::to_string).collect::<Vec<_>>(), ["sales.a"]);
}

/// What Athena understands, and the guard has to.
pub const QUERIES: &[&str] = &[
    "SELECT count(*), count(DISTINCT a), sum(b) FILTER (WHERE b > 0) FROM t GROUP BY c HAVING count(*) > 1",
    "SELECT a FROM t GROUP BY GROUPING SETS ((a), (a, b), ())",
    "SELECT a FROM t GROUP BY ROLLUP (a, b), CUBE (c)",
    "SELECT rank() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST) FROM t",
    "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t",
    "SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND 2 FOLLOWING) FROM t",
    "SELECT lag(a) IGNORE NULLS OVER (ORDER BY b) FROM t",
    "SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY b)",
    "SELECT a FROM t CROSS JOIN UNNEST(b) AS u (c)",
    "SELECT a FROM t CROSS JOIN UNNEST(b, c) WITH ORDINALITY AS u (d, e, f)",
    "SELECT a FROM t LEFT JOIN u ON t.a = u.a AND u.b IS NOT NULL",
    "SELECT a FROM t JOIN u USING (a, b)",
    "SELECT a FROM (t JOIN u ON t.a = u.a) JOIN v ON v.a = t.a",
    "SELECT a FROM t NATURAL JOIN u",
    "SELECT a FROM t CROSS JOIN LATERAL (SELECT b FROM u WHERE u.a = t.a) AS x",
    "SELECT a FROM t TABLESAMPLE BERNOULLI (10)",
    "SELECT a FROM t TABLESAMPLE SYSTEM (0.5)",
    "SELECT transform(a, x -> x + 1), reduce(b, 0, (s, x) -> s + x, s -> s) FROM t",
    "SELECT a[1], m['key'], r.field.inner, f.x[2].y FROM t",
    "SELECT CAST(a AS BIGINT), TRY_CAST(b AS DECIMAL(10, 2)), CAST(c AS VARCHAR(20)) FROM t",
    "SELECT CAST(a AS ARRAY(VARCHAR)), CAST(b AS MAP(VARCHAR, ARRAY(BIGINT))) FROM t",
    "SELECT CAST(json_parse(a) AS ROW(name VARCHAR, tags ARRAY(VARCHAR), at ROW(x DOUBLE))) FROM t",
    "SELECT CAST(ROW(1, 2) AS ROW(BIGINT, DOUBLE))",
    "SELECT CAST(a AS TIMESTAMP(3) WITH TIME ZONE), CAST(b AS TIMESTAMP), CAST(c AS DOUBLE) FROM t",
    "SELECT DATE '2026-01-01', TIMESTAMP '2026-01-01 00:00:00', INTERVAL '3' MONTH, DECIMAL '1.5'",
    "SELECT a AT TIME ZONE 'Asia/Seoul' FROM t",
    "SELECT date_trunc('day', a), date_diff('hour', a, b), date_add('day', -7, current_date) FROM t",
    "SELECT EXTRACT(YEAR FROM a), EXTRACT(DAY_OF_WEEK FROM a), year(a) FROM t",
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END, CASE a WHEN 1 THEN 2 END, IF(a > 1, 2, 3) FROM t",
    "SELECT coalesce(a, b), nullif(a, 0), TRY(1 / a), greatest(a, b) FROM t",
    "SELECT a FROM t WHERE b IN (1, 2) AND c NOT IN (SELECT c FROM u) AND d BETWEEN 1 AND 2",
    "SELECT a FROM t WHERE b LIKE 'x!_%' ESCAPE '!' OR b NOT LIKE '%y'",
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND NOT EXISTS (SELECT 1 FROM v)",
    "SELECT a FROM t WHERE a = ANY (SELECT a FROM u) OR a > ALL (SELECT a FROM v)",
    "SELECT a FROM t WHERE a IS DISTINCT FROM b AND c IS TRUE AND NOT d",
    "SELECT (SELECT max(a) FROM u), (a, b) FROM t",
    "SELECT ARRAY[1, 2, 3], ARRAY[], map(ARRAY['a'], ARRAY[1]), row(1, 'a')",
    "SELECT listagg(a, ', ') WITHIN GROUP (ORDER BY b) FROM t",
    "SELECT array_agg(a ORDER BY b DESC) FROM t",
    "SELECT approx_percentile(a, 0.95), max_by(a, b), approx_distinct(c) FROM t",
    "SELECT substring(a FROM 2 FOR 3), substr(a, 2), trim(a), trim(BOTH 'x' FROM a), position('a' IN b) FROM t",
    "SELECT ceil(a), floor(b), round(c, 2) FROM t",
    "SELECT regexp_extract(a, '(\\d+)', 1), json_extract_scalar(b, '$.c[0]') FROM t",
    "SELECT '한글', \"주문\" FROM \"표\"",
    "SELECT a FROM t ORDER BY 1 DESC, b NULLS FIRST FETCH FIRST 10 ROWS ONLY",
    "SELECT a FROM t UNION SELECT b FROM u EXCEPT SELECT c FROM v INTERSECT SELECT d FROM w ORDER BY 1",
    "SELECT DISTINCT a FROM t WHERE (b + 1) * 2 % 3 <> 4 / 5 || 'x'",
    "SELECT * FROM (VALUES (1, 'a')) AS v (n, s)",
    "SELECT \"$path\", \"$file_size\" FROM t",
    "SELECT * FROM \"orders$partitions\"",
    "SELECT date, timestamp, \"interval\", order_date, year FROM t",
    "SELECT 1.5e3, .5, 1., -0.0, 100000000000000000000",
    "(SELECT 1) UNION (SELECT 2)",
    "SELECT typeof(a), date(b) FROM t",
];

#[test]
fn the_language_of_athena_is_understood() {
    for text in QUERIES {
        let first = checked(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(checked(&first.text).unwrap(), first, "{text}");
    }
}

#[test]
fn the_tables_that_are_read_are_known() {
    let text = "WITH x AS (SELECT * FROM Orders) \
                SELECT * FROM x JOIN logs_a.hits h ON h.id = x.id WHERE x.id IN (SELECT id FROM sales.people) \
                AND EXISTS (SELECT 1 FROM items, UNNEST(items.tags) AS t (tag)) AND (SELECT max(a) FROM last) > 1";
    let tables: Vec<_> = checked(text).unwrap().tables.iter().map(ToString::to_string).collect();
    assert_eq!(tables, ["logs_a.hits", "sales.items", "sales.last", "sales.orders", "sales.people"]);
}
