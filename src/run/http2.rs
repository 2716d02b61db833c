//! Whether a phase can be spoken in HTTP/2: by its requests, and by its target.

use std::sync::Arc;

use super::phase_error::Http2Error;
use crate::drive::load::{Lane, LaneRequest};
use crate::drive::wire::http2::{Form, NotInHttp2, speaks};
use crate::drive::wire::{Destination, Limits};
use crate::observe::Silence;

/// Holds that each lane says in HTTP/2 what it says in HTTP/1.1, and that the target speaks it.
///
/// # Errors
/// Why the phase would measure something else.
pub(super) async fn ready(lanes: &[Lane], destination: &Destination, limits: &Limits) -> Result<(), Http2Error> {
    let secure = destination.tls.is_some();
    let good = lanes.iter().filter(|lane| lane.expects_grant).flat_map(|lane| &lane.requests);
    // what is made for each request differs from every other
    let good: Vec<_> = good.filter(|request| request.signer().is_none()).collect();
    let good: Vec<_> = good.into_iter().filter_map(|request| form(request, secure).ok()).collect();
    for lane in lanes {
        for request in lane.requests.iter().filter(|request| request.signer().is_none()) {
            let form = form(request, secure);
            let form = form.map_err(|source| Http2Error::Request { lane: lane.name.clone(), source })?;
            if !lane.expects_grant && good.iter().any(|good| good.says_the_same_as(&form)) {
                return Err(Http2Error::Same(lane.name.clone()));
            }
        }
    }
    let spoken = speaks(destination, limits).await;
    spoken.map_err(|silence| {
        let way = if secure { "by ALPN over TLS" } else { "by prior knowledge in clear text" };
        let did = match silence {
            Silence::Malformed(why) => why,
            silence => silence.to_string(),
        };
        Http2Error::NotSpoken { way, did }
    })
}

fn form(request: &Arc<LaneRequest>, secure: bool) -> Result<Form, NotInHttp2> {
    Form::of(&request.request(), secure)
}
