//! The models of all releases, under the names that callers may use.

use std::collections::BTreeMap;

use contract::Page;
use futures::future::join_all;
use http::Extensions;
use proto::inference::v1 as wire;
use rpc::onward;
use tonic::{Request, Response, Status};

use super::{Dispatch, answer_of, client, unary::renamed};
use crate::{
    grpc::forward::from_peer,
    routes::{Release, Route, Routes},
};

/// How many models of a release are asked for at once, and how often: a release has a handful.
const PAGE: i32 = 1_000;
const PAGES: usize = 16;

/// What each release that answered has, by the release's name.
type Found = BTreeMap<&'static str, BTreeMap<String, wire::Model>>;

impl Dispatch {
    /// The models that have routes. A release that cannot be asked is left out; if none can be, that is the answer.
    pub(in crate::grpc) async fn list_models(
        &self,
        request: Request<wire::ListModelsRequest>,
        page: &Page,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let routes = self.routes();
        if let Some(only) = routes.only() {
            let answer = client(only).list_models(onward(&extensions, message)).await;
            return answer.map(|answer| answer_of(only, answer.into_inner())).map_err(from_peer);
        }
        let found = find(&routes, &extensions).await?;
        let (models, next_page_token) = page.of(joined(&routes, &found), |model| &model.id);
        Ok(Response::new(wire::ListModelsResponse { models, next_page_token }))
    }
}

async fn find(routes: &Routes, extensions: &Extensions) -> Result<Found, Status> {
    let releases = routes.releases();
    // What is away would only be waited for, unless nothing else is there.
    let any = releases.iter().any(|release| release.is_connected());
    let asked: Vec<_> = releases.iter().filter(|release| release.is_connected() || !any).collect();
    let answers = join_all(asked.iter().map(|release| models_of(release, extensions))).await;
    let (mut found, mut failure) = (Found::new(), None);
    for (release, answer) in asked.into_iter().zip(answers) {
        match answer {
            Ok(models) => drop(found.insert(release.name(), models)),
            Err(status) => {
                let (release, said) = (release.name(), status.message());
                tracing::debug!(release, "the models of a release cannot be listed: {said}");
                failure = Some(status);
            }
        }
    }
    match failure {
        Some(status) if found.is_empty() => Err(from_peer(status)),
        _ => Ok(found),
    }
}

/// All names, sorted: those of routes, and those of models that a route with a beginning leads to.
fn joined(routes: &Routes, found: &Found) -> Vec<wire::Model> {
    let named = routes.named().filter_map(|(name, route)| {
        Some((name.to_owned(), renamed(described(route, name, found)?.clone(), name)))
    });
    let mut models: BTreeMap<_, _> = named.collect();
    for id in found.values().flat_map(BTreeMap::keys) {
        let route = routes.find(id).filter(|_| !models.contains_key(id));
        if let Some(model) = route.and_then(|route| described(route, id, found)) {
            models.insert(id.clone(), renamed(model.clone(), id));
        }
    }
    models.into_values().collect()
}

/// The model that a name leads to first, of those that are there.
fn described<'a>(route: &Route, named: &str, found: &'a Found) -> Option<&'a wire::Model> {
    route.targets().iter().find_map(|target| found.get(target.release().name())?.get(target.model(named)))
}

async fn models_of(
    release: &Release,
    extensions: &Extensions,
) -> Result<BTreeMap<String, wire::Model>, Status> {
    let (mut models, mut page_token) = (BTreeMap::new(), String::new());
    for _ in 0..PAGES {
        let request = onward(extensions, wire::ListModelsRequest { page_size: PAGE, page_token });
        let page = client(release).list_models(request).await?.into_inner();
        models.extend(page.models.into_iter().map(|model| (model.id.clone(), model)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(models)
}
