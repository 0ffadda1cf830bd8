//! Resources in the protocol's words.

use std::sync::Arc;

use rmcp::{
    ErrorData,
    model::{
        ListResourceTemplatesResult, ListResourcesResult, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, ResourceTemplate,
    },
};
use serde_json::{Map, json};
use tools::{Content, ToolsError};

use super::{answer, asker::Asker, dialogue::Topic, server::Server};
use crate::resources::{Cursor, Place, Resources, Template};

impl Server {
    pub(super) async fn list(
        &self,
        asker: &Asker,
        from: Option<&str>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let sources = self.sources();
        let failed = |error: ToolsError| answer::failed(&error);
        let wrong = |violation| failed(ToolsError::invalid(vec![violation]));
        let cursor = Cursor::of(from, sources.len()).map_err(wrong)?;
        let Some(source) = sources.get(cursor.turn) else {
            return Ok(ListResourcesResult::with_all_items(Vec::new()));
        };
        let call = asker.call(Map::new());
        let page = source.list(call, cursor.rest.as_deref()).await.map_err(failed)?;
        let links = page.links.into_iter().map(answer::resource);
        let mut list = ListResourcesResult::with_all_items(links.collect());
        list.next_cursor = cursor.next(page.next, sources.len()).map(|next| next.to_string());
        Ok(list)
    }

    pub(super) fn templates(&self, asker: &Asker) -> ListResourceTemplatesResult {
        let templates = self.sources().into_iter().flat_map(|source| source.templates(&asker.caller));
        ListResourceTemplatesResult::with_all_items(templates.map(template).collect())
    }

    pub(super) async fn read(
        &self,
        asked: ReadResourceRequestParams,
        asker: &Asker,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let topic = Topic::of(&asker.caller, "resource", &asked.uri, None);
        let dialogue =
            topic.dialogue(&self.seal, asker, asked.input_responses, asked.request_state.as_deref())?;
        for source in self.sources() {
            let mut call = asker.call(Map::new());
            call.dialogue = dialogue.clone();
            match source.read(call, &asked.uri).await {
                Ok(None) => {}
                Ok(Some(read)) => {
                    let contents = read.into_iter().filter_map(contents);
                    return Ok(ReadResourceResult::new(contents.collect()).into());
                }
                Err(ToolsError::Asks(asks)) => {
                    return Ok(topic.required(&self.seal, asker.abilities, &asks)?.into());
                }
                Err(error) => return Err(unread(&error, &asked.uri)),
            }
        }
        // What could never be a URI of ours is told so.
        Place::of(&asked.uri)
            .map_err(|violation| unread(&ToolsError::invalid(vec![violation]), &asked.uri))?;
        Err(unread(&ToolsError::NothingThere, &asked.uri))
    }

    /// Those of the configuration, then each caller's own.
    fn sources(&self) -> Vec<Arc<dyn Resources>> {
        let mut sources = self.faces.resources.load().as_ref().clone();
        sources.extend(self.answers.clone().map(|answers| answers as Arc<dyn Resources>));
        sources
    }
}

fn template(template: Template) -> ResourceTemplate {
    let mut listed = ResourceTemplate::new(template.uri, template.name);
    listed.description = template.description;
    listed.mime_type = template.media_type;
    listed
}

fn contents(piece: Content) -> Option<rmcp::model::ResourceContents> {
    match piece {
        Content::Resource { uri, media_type, data } => Some(answer::contents(uri, media_type, &data)),
        _ => None,
    }
}

fn unread(error: &ToolsError, uri: &str) -> ErrorData {
    let mut told = answer::failed(error);
    told.data.get_or_insert_with(|| json!({"uri": uri}));
    told
}
