//! actix-web-httpauth as its documentation has it: Basic and Bearer as extractors and as middleware.
use std::{env, io};

use actix_web::{dev::ServiceRequest, web, App, Error, HttpResponse, HttpServer, Responder};
use actix_web_httpauth::extractors::{basic, bearer, AuthenticationError};
use actix_web_httpauth::headers::www_authenticate::basic::Basic;
use actix_web_httpauth::middleware::HttpAuthentication;
use serde_json::json;

const ACCOUNTS: [(&str, &str); 5] = [
    ("alice", "lab-Password-1"),
    ("bob", "lab-Password-2"),
    ("carl", "lab:Pass:word-3"),
    ("dora", "Pässwört-4-long"),
    ("eric", "lab-Password-55555555555555555555555555555555555555555555555555555555555555555555555555555555x"),
];
const READ_WRITE: &str = "lab-token-Zq81xT0vWb5nLr37-0001";
const READ: &str = "lab-token-Hd62yP4mKc9sEf05-0002";

fn known(auth: &basic::BasicAuth) -> bool {
    ACCOUNTS.iter().any(|(user, password)| *user == auth.user_id() && Some(*password) == auth.password())
}

async fn basic_validator(req: ServiceRequest, auth: basic::BasicAuth) -> Result<ServiceRequest, (Error, ServiceRequest)> {
    if known(&auth) {
        return Ok(req);
    }
    let config = req.app_data::<basic::Config>().cloned().unwrap_or_default();
    Err((AuthenticationError::from(config).into(), req))
}

async fn bearer_validator(req: ServiceRequest, auth: bearer::BearerAuth) -> Result<ServiceRequest, (Error, ServiceRequest)> {
    if [READ_WRITE, READ].contains(&auth.token()) {
        return Ok(req);
    }
    let config = req.app_data::<bearer::Config>().cloned().unwrap_or_default();
    Err((AuthenticationError::from(config).with_error(bearer::Error::InvalidToken).into(), req))
}

/// A token of less scope is refused as the documentation of the bearer extractor refuses one.
async fn write_note(auth: bearer::BearerAuth, req: actix_web::HttpRequest, note: web::Json<serde_json::Value>) -> Result<impl Responder, Error> {
    if auth.token() == READ_WRITE {
        return Ok(HttpResponse::Created().json(json!({ "saved": *note })));
    }
    let refused = AuthenticationError::from(req.app_data::<bearer::Config>().cloned().unwrap_or_default().scope("write")).with_error(bearer::Error::InsufficientScope);
    Err(refused.into())
}

/// The extractor of Basic, as in the example of the documentation.
async fn profile(auth: basic::BasicAuth) -> Result<impl Responder, Error> {
    if known(&auth) {
        return Ok(HttpResponse::Ok().json(json!({ "user": auth.user_id(), "balance": "5be10c92aa" })));
    }
    let challenge = Basic::with_realm("Restricted area");
    Err(AuthenticationError::new(challenge).into())
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let port = env::var("PORT").expect("PORT").parse().expect("a port");
    HttpServer::new(|| {
        App::new()
            .app_data(basic::Config::default().realm("Restricted area"))
            .app_data(bearer::Config::default().realm("Restricted area").scope("read"))
            .service(web::resource("/health").get(|| async { "up" }))
            .service(web::resource("/profile").get(profile))
            .service(
                web::scope("/basic")
                    .wrap(HttpAuthentication::basic(basic_validator))
                    .route("/orders", web::get().to(|| async { HttpResponse::Ok().json(json!({ "orders": ["c41f7a90d2"] })) })),
            )
            .service(
                web::scope("/api")
                    .wrap(HttpAuthentication::bearer(bearer_validator))
                    .route("/notes", web::get().to(|| async { HttpResponse::Ok().json(json!({ "notes": ["a77be019c3"] })) }))
                    .route("/notes", web::post().to(write_note)),
            )
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
