//! Names as users write them.

use gwapi_core::name::{GATEWAY_GROUP, Namespace, ObjectKey, ObjectName};

/// The key of the Gateway `NAMESPACE/NAME`.
///
/// # Errors
/// If the text has another form.
pub fn gateway_key(text: &str) -> Result<ObjectKey, String> {
    let (namespace, name) = namespaced(text)?;
    Ok(ObjectKey::namespaced(GATEWAY_GROUP, "Gateway", &namespace, &name))
}

/// The parts of `NAMESPACE/NAME`.
///
/// # Errors
/// If the text has another form.
pub fn namespaced(text: &str) -> Result<(Namespace, ObjectName), String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok((namespace.into(), name.into())),
        _ => Err(format!("`{text}` is not NAMESPACE/NAME")),
    }
}
