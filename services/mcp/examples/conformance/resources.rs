//! The suite's resources.

use async_trait::async_trait;
use mcp::{Listing, Resources, Template};
use serde_json::json;
use tools::{Call, Caller, Content, Link, ToolsError};

use crate::content::png;

pub(crate) struct Fixtures;

#[async_trait]
impl Resources for Fixtures {
    fn templates(&self, _caller: &Caller) -> Vec<Template> {
        vec![Template {
            uri: "test://template/{id}/data".to_owned(),
            name: "Data".to_owned(),
            description: Some("The data of an id.".to_owned()),
            media_type: Some("application/json".to_owned()),
        }]
    }

    async fn list(&self, _call: Call, _from: Option<&str>) -> Result<Listing, ToolsError> {
        let link = |name: &str, media_type: &str| Link {
            uri: format!("test://{name}"),
            name: name.to_owned(),
            description: Some(format!("The {name} of the suite.")),
            media_type: Some(media_type.to_owned()),
            size: None,
        };
        let links = vec![link("static-text", "text/plain"), link("static-binary", "image/png")];
        Ok(Listing { links, next: None })
    }

    async fn read(&self, _call: Call, uri: &str) -> Result<Option<Vec<Content>>, ToolsError> {
        let Some(rest) = uri.strip_prefix("test://") else { return Ok(None) };
        let (media_type, data) = match rest {
            "static-text" => ("text/plain", "This is the content of the static text resource.".into()),
            "static-binary" => ("image/png", png()),
            other => {
                let id = other.strip_prefix("template/").and_then(|rest| rest.strip_suffix("/data"));
                let Some(id) = id else {
                    return Err(ToolsError::NothingThere);
                };
                let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
                ("application/json", data.to_string().into())
            }
        };
        Ok(Some(vec![Content::Resource { uri: uri.to_owned(), media_type: media_type.to_owned(), data }]))
    }
}
