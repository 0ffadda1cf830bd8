//! What the key of a call allows. Every door of api asks here.

use std::{borrow::Cow, sync::Arc};

use accounts::{Account, Grants};
use http::Extensions;

use crate::ApiError;

/// The scope that opens the administration of keys.
const ADMIN: &str = "admin";

/// What the caller's key allows; nothing where nobody has looked at a key.
pub(crate) fn granted(extensions: &Extensions) -> Cow<'_, Grants> {
    match extensions.get::<Arc<Account>>() {
        Some(account) => Cow::Borrowed(&account.grants),
        None => Cow::Owned(Grants::from_line("")),
    }
}

/// Whether the key of a call may use a model.
pub(crate) fn check_model_of(extensions: &Extensions, model: &str) -> Result<(), ApiError> {
    match extensions.get::<Arc<Account>>() {
        Some(account) => check_model(&account.grants, model),
        None => Err(ApiError::ModelForbidden { model: model.to_owned() }),
    }
}

/// Whether a key that allows this may use a model.
pub(crate) fn check_model(granted: &Grants, model: &str) -> Result<(), ApiError> {
    if granted.may_use(model) { Ok(()) } else { Err(ApiError::ModelForbidden { model: model.to_owned() }) }
}

/// Whether the caller is an administrator of keys.
pub(crate) fn check_admin(extensions: &Extensions) -> Result<(), ApiError> {
    let account = extensions.get::<Arc<Account>>();
    let is_admin = account.is_some_and(|account| account.grants.scopes.contains(ADMIN));
    if is_admin { Ok(()) } else { Err(ApiError::NotAdmin) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use accounts::{Account, Grants};
    use fault::{Fault, Kind};
    use http::Extensions;

    use super::{check_admin, check_model_of};

    fn with(line: &str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Arc::new(Account { grants: Grants::from_line(line), ..Account::default() }));
        extensions
    }

    #[test]
    fn only_models_on_the_list_may_be_used_and_none_by_nobody() {
        for line in ["scopes=", "scopes=;models=qwen*", "scopes=;models=qwen2"] {
            check_model_of(&with(line), "qwen2").unwrap();
        }
        for extensions in [with("scopes=;models="), with("scopes=;models=llama,qwen"), Extensions::new()] {
            let error = check_model_of(&extensions, "qwen2").unwrap_err();
            assert_eq!((error.kind(), error.reason()), (Kind::PermissionDenied, "MODEL_FORBIDDEN"));
            assert!(error.public_message().contains("qwen2"));
        }
    }

    #[test]
    fn only_the_scope_makes_an_administrator() {
        check_admin(&with("scopes=admin")).unwrap();
        for extensions in [with("scopes=administrator"), with(""), Extensions::new()] {
            assert_eq!(check_admin(&extensions).unwrap_err().reason(), "ADMIN_SCOPE_REQUIRED");
        }
    }
}
