//! The reference describes itself, as the services that it stands for do.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use serde_json::{Value, json};

use super::state::{KeyLocation, ReferenceState};
use crate::seed::{READ, WRITE};

/// A document of OpenAPI 3.1: each scheme protects its own branch.
pub(super) async fn openapi(Shared(state): Shared<Arc<ReferenceState>>) -> Json<Value> {
    let (place, name) = match &state.key_location {
        KeyLocation::Header(name) => ("header", name),
        KeyLocation::Query(name) => ("query", name),
        KeyLocation::Cookie(name) => ("cookie", name),
    };
    let branches = [("api-key", "apiKey"), ("basic", "basic"), ("bearer", "bearer"), ("oauth2", "clientCredentials")];
    let mut paths = serde_json::Map::new();
    for (branch, scheme) in branches {
        paths.insert(format!("/{branch}/orders"), orders(scheme));
        paths.insert(format!("/{branch}/account"), json!({ "get": reads("Who is asking", scheme) }));
    }
    paths.insert("/public".to_owned(), json!({ "get": { "summary": "Open to everybody", "responses": answers() } }));
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "Orders", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "securitySchemes": {
            "apiKey": { "type": "apiKey", "in": place, "name": name },
            "basic": { "type": "http", "scheme": "basic" },
            "bearer": { "type": "http", "scheme": "bearer" },
            "clientCredentials": { "type": "oauth2", "flows": { "clientCredentials": {
                "tokenUrl": "/oauth2/token",
                "scopes": { READ: "Read orders", WRITE: "Place orders" },
            } } },
        } },
    }))
}

fn orders(scheme: &str) -> Value {
    let body = json!({ "content": { "application/json": { "example": { "item": "lamp" } } } });
    json!({
        "get": reads("All orders", scheme),
        "post": {
            "summary": "Place an order",
            "requestBody": body,
            "security": [{ scheme: [WRITE] }],
            "responses": { "201": { "description": "Placed" } },
        },
    })
}

fn reads(summary: &str, scheme: &str) -> Value {
    json!({ "summary": summary, "security": [{ scheme: [READ] }], "responses": answers() })
}

fn answers() -> Value {
    json!({ "200": { "description": "Found" } })
}
