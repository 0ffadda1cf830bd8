//! The same against moto, which knows Athena's protocol from elsewhere, and S3.

use aws_sdk_athena::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
    types::WorkGroupConfiguration,
};
use runtime::Life;
use serde_json::{Value, json};
use testkit::Moto;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::stand::{call, config, tools};

fn client(moto: &Moto) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(moto.endpoint())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"));
    Client::from_conf(config.build())
}

/// A request to moto itself.
async fn post(moto: &Moto, path: &str, body: &Value) {
    let address = moto.endpoint().strip_prefix("http://").unwrap();
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

#[tokio::test]
async fn databases_and_queries_work_with_moto() {
    let moto = Moto::start();
    let athena = client(&moto);
    let limited = WorkGroupConfiguration::builder().bytes_scanned_cutoff_per_query(10_000_000).build();
    athena.create_work_group().name("ondol").configuration(limited).send().await.unwrap();
    for name in ["sales", "hr", "logs_a"] {
        let create = athena.start_query_execution().query_string(format!("CREATE DATABASE {name}"));
        create.work_group("ondol").send().await.unwrap();
    }
    let rows = ["1", "2", "3"].map(|id| json!({"Data": [{"VarCharValue": id}, {"VarCharValue": "x"}]}));
    let column = |name: &str, kind: &str| {
        json!({"CatalogName": "c", "SchemaName": "s", "TableName": "t", "Name": name, "Label": name, "Type": kind,
               "Precision": 1, "Scale": 1, "Nullable": "NULLABLE", "CaseSensitive": true})
    };
    let result = json!({"rows": rows, "column_info": [column("id", "integer"), column("name", "varchar")]});
    let results = json!({"account_id": "123456789012", "region": "eu-central-1", "results": [result]});
    post(&moto, "/moto-api/static/athena/query-results", &results).await;

    let life = Life::new();
    let place = format!("output = \"s3://results/x/\"\nlinks = {{ endpoint = \"{}\" }}", moto.endpoint());
    let tools = tools(&config(moto.endpoint(), &place), &life).await;
    let ask = async |tool: &str, arguments: Value| {
        let answer = tools.call(tool, call("team-a", &arguments)).await.unwrap();
        assert!(!answer.is_error, "{answer:?}");
        answer.structured.unwrap()
    };
    let databases = ask("athena_databases", json!({})).await;
    assert_eq!(databases["databases"], json!([{"name": "logs_a"}, {"name": "sales"}]));
    let first = ask("athena_query", json!({"sql": "SELECT id, name FROM orders", "max_rows": 2})).await;
    assert_eq!(first["rows"], json!([[1, "x"], [2, "x"]]));
    assert!(first["result_url"].as_str().unwrap().starts_with(moto.endpoint()), "{first}");
    let second = ask("athena_query", json!({"page_token": first["next_page_token"]})).await;
    assert_eq!((&second["rows"], second.get("next_page_token")), (&json!([[3, "x"]]), None));
}
