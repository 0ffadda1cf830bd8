//! A stand-in for Athena: its protocol, without its engine. Tests say what becomes of each query.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// What the stand-in knows, and what it has seen.
pub(super) struct Script {
    pub(super) workgroup: Value,
    /// What each look at a query shows, in this order; the last one stays.
    pub(super) states: Vec<Value>,
    /// Errors that requests of a kind meet before they succeed: status, code, words.
    pub(super) errors: BTreeMap<&'static str, VecDeque<(u16, &'static str, &'static str)>>,
    pub(super) columns: Vec<(&'static str, &'static str)>,
    pub(super) rows: Vec<Vec<Option<String>>>,
    pub(super) databases: Vec<&'static str>,
    pub(super) tables: Vec<Value>,
    pub(super) queries: Vec<Query>,
    /// Every request: its kind, and what it said.
    pub(super) requests: Vec<(String, Value)>,
    /// While this is set, starts are not answered.
    pub(super) holds_starts: bool,
}

/// A query that was started.
#[derive(Clone)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) text: String,
    pub(super) context: Value,
    pub(super) looks: usize,
    pub(super) is_stopped: bool,
    states: Vec<Value>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            workgroup: workgroup(&json!({"BytesScannedCutoffPerQuery": 10_000_000})),
            states: vec![json!({"State": "SUCCEEDED"})],
            errors: BTreeMap::new(),
            columns: vec![("id", "bigint"), ("name", "varchar")],
            rows: (1..=3).map(|id| vec![Some(id.to_string()), Some(format!("name {id}"))]).collect(),
            databases: vec!["sales"],
            tables: Vec::new(),
            queries: Vec::new(),
            requests: Vec::new(),
            holds_starts: false,
        }
    }
}

/// A workgroup in order, but for what is said.
pub(super) fn workgroup(more: &Value) -> Value {
    let mut configuration = json!({
        "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
        "ResultConfiguration": {"OutputLocation": "s3://results/ondol/"},
    });
    for (name, value) in more.as_object().unwrap() {
        configuration[name] = value.clone();
    }
    json!({"Name": "ondol", "State": "ENABLED", "Configuration": configuration})
}

/// The stand-in, on a port of its own.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    shared: Shared,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Script>>,
    /// How many requests there have been.
    seen: watch::Sender<usize>,
}

impl Fake {
    pub(super) async fn start(script: Script) -> Self {
        let shared = Shared { script: Arc::new(Mutex::new(script)), seen: watch::Sender::new(0) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, _serving: serving }
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.shared.script.lock().unwrap()
    }

    /// Changes the script, and lets who waits for it look again.
    pub(super) fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script());
        self.shared.seen.send_modify(|seen| *seen += 1);
    }

    /// Waits until the script is as expected.
    pub(super) async fn until(&self, expected: impl Fn(&Script) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        seen.wait_for(|_| expected(&self.script())).await.unwrap();
    }

    /// How many requests of a kind there were.
    pub(super) fn count(&self, kind: &str) -> usize {
        self.script().requests.iter().filter(|(seen, _)| seen == kind).count()
    }
}

async fn answer(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").unwrap().to_str().unwrap();
    let kind = target.strip_prefix("AmazonAthena.").unwrap().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    shared.script.lock().unwrap().requests.push((kind.clone(), asked.clone()));
    shared.seen.send_modify(|seen| *seen += 1);
    if kind == "StartQueryExecution" {
        let mut seen = shared.seen.subscribe();
        seen.wait_for(|_| !shared.script.lock().unwrap().holds_starts).await.unwrap();
    }
    let answered = shared.script.lock().unwrap().answer(&kind, &asked);
    shared.seen.send_modify(|seen| *seen += 1);
    match answered {
        Ok(answer) => (StatusCode::OK, answer.to_string()).into_response(),
        Err((status, code, message)) => {
            let told = json!({"__type": code, "message": message, "Message": message}).to_string();
            (StatusCode::from_u16(status).unwrap(), told).into_response()
        }
    }
}

type Answered = Result<Value, (u16, &'static str, &'static str)>;

const MISSING: (u16, &str, &str) = (400, "InvalidRequestException", "QueryExecution was not found");

impl Script {
    fn answer(&mut self, kind: &str, asked: &Value) -> Answered {
        if let Some(error) = self.errors.get_mut(kind).and_then(VecDeque::pop_front) {
            return Err(error);
        }
        match kind {
            "GetWorkGroup" => Ok(json!({"WorkGroup": self.workgroup})),
            "StartQueryExecution" => Ok(self.start(asked)),
            "GetQueryExecution" => self.look(asked),
            "StopQueryExecution" => {
                self.query(asked).ok_or(MISSING)?.is_stopped = true;
                Ok(json!({}))
            }
            "GetQueryResults" => self.results(asked),
            "ListDatabases" => {
                let all: Vec<_> = self.databases.iter().map(|name| json!({"Name": name})).collect();
                Ok(page("DatabaseList", &all, asked))
            }
            "ListTableMetadata" => Ok(page("TableMetadataList", &self.tables, asked)),
            "GetTableMetadata" => {
                let table = self.tables.iter().find(|table| table["Name"] == asked["TableName"]);
                let missing = (400, "MetadataException", "EntityNotFoundException: Table was not found");
                table.map(|table| json!({"TableMetadata": table})).ok_or(missing)
            }
            _ => Err((400, "UnknownOperationException", "no such thing")),
        }
    }

    /// The same token is the same query.
    fn start(&mut self, asked: &Value) -> Value {
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let token = text("ClientRequestToken");
        let known = self.queries.iter().find(|query| query.token == token).map(|query| query.id.clone());
        let id = known.unwrap_or_else(|| {
            let id = uuid::Uuid::new_v4().to_string();
            self.queries.push(Query {
                id: id.clone(),
                token,
                text: text("QueryString"),
                context: asked["QueryExecutionContext"].clone(),
                looks: 0,
                is_stopped: false,
                states: self.states.clone(),
            });
            id
        });
        json!({"QueryExecutionId": id})
    }

    fn query(&mut self, asked: &Value) -> Option<&mut Query> {
        self.queries.iter_mut().find(|query| asked["QueryExecutionId"] == query.id)
    }

    fn look(&mut self, asked: &Value) -> Answered {
        let query = self.query(asked).ok_or(MISSING)?;
        let last = query.states.len() - 1;
        let mut status = query.states[query.looks.min(last)].clone();
        query.looks += 1;
        let ends_well = status["State"] == "SUCCEEDED";
        if query.is_stopped && !ends_well {
            status = json!({"State": "CANCELLED", "StateChangeReason": "Query cancelled by user"});
        }
        Ok(json!({"QueryExecution": {
            "QueryExecutionId": query.id,
            "Query": query.text,
            "WorkGroup": "ondol",
            "QueryExecutionContext": query.context,
            "ResultConfiguration": {"OutputLocation": format!("s3://results/ondol/{}.csv", query.id)},
            "Status": status,
            "Statistics": {"DataScannedInBytes": 4096, "TotalExecutionTimeInMillis": 1234},
        }}))
    }

    /// The first page begins with the names of the columns, which count.
    fn results(&mut self, asked: &Value) -> Answered {
        self.query(asked).ok_or(MISSING)?;
        let header = self.columns.iter().map(|(name, _)| Some((*name).to_owned())).collect();
        let all: Vec<Vec<Option<String>>> =
            std::iter::once(header).chain(self.rows.iter().cloned()).collect();
        let cells = |row: &Vec<Option<String>>| -> Value {
            let cell =
                |text: &Option<String>| text.as_ref().map_or(json!({}), |text| json!({"VarCharValue": text}));
            json!({"Data": row.iter().map(cell).collect::<Vec<_>>()})
        };
        let (rows, next) = slice(&all, asked);
        let columns =
            self.columns.iter().map(|(name, kind)| json!({"Name": name, "Label": name, "Type": kind}));
        let set = json!({
            "Rows": rows.iter().map(cells).collect::<Vec<_>>(),
            "ResultSetMetadata": {"ColumnInfo": columns.collect::<Vec<_>>()},
        });
        let mut answer = json!({"ResultSet": set});
        if let Some(next) = next {
            answer["NextToken"] = next.into();
        }
        Ok(answer)
    }
}

fn page(field: &str, all: &[Value], asked: &Value) -> Value {
    let (entries, next) = slice(all, asked);
    let mut answer = json!({field: entries});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    answer
}

/// A token is the number of the first entry.
fn slice<'a, T>(all: &'a [T], asked: &Value) -> (&'a [T], Option<String>) {
    let from = asked["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
    let most = asked["MaxResults"].as_u64().unwrap() as usize;
    let to = all.len().min(from + most);
    (&all[from..to], (to < all.len()).then(|| to.to_string()))
}
