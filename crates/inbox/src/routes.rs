//! Every route of the API, once: the router, the OpenAPI document and the test of role by
//! route are made from this table. A route that is not here does not exist. (The pages for
//! logging in are in `session::page`.)

use crate::http::gate::{Gate, SignOfLife, guard};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use crate::{
    author, dead_letter, hold_state, incident, live, openapi_route, page, person, queue, session,
    ticket, token, topic,
};
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post};
use switchboard_domain::access::Action;

/// One route.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    pub(crate) describe: fn() -> Description,
    handler: fn() -> MethodRouter<Inbox>,
}

/// Who may call a route. Whether a single ticket is theirs is decided by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody, without credentials.
    Nothing,
    /// Credentials of any role.
    Credentials,
    /// Credentials whose role allows this.
    Action(Action),
}

const LIVE: &str = "/api/v1/live";

const READ: Needs = Needs::Action(Action::ReadTickets);
const WORK: Needs = Needs::Action(Action::WorkTickets);
const TOKENS: Needs = Needs::Action(Action::ManageAccess);
const LETTERS: Needs = Needs::Action(Action::ManageDeadLetters);

/// The table. Queues of own departments are log topics too, so topics ask only for
/// [`Action::ReadTickets`] here; `topic::read` asks for more where it is due.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    route(Method::GET, "/api/v1/openapi.json", Needs::Nothing, openapi_route::describe, || get(openapi_route::show)),
    route(Method::GET, "/api/v1/tickets", READ, ticket::list::describe, || get(ticket::list::list)),
    route(Method::GET, "/api/v1/tickets/{id}", READ, ticket::show::describe, || get(ticket::show::show)),
    route(Method::POST, "/api/v1/tickets/{id}/claim", WORK, ticket::claim::describe, || post(ticket::claim::claim)),
    route(Method::POST, "/api/v1/tickets/{id}/assign", WORK, ticket::assign::describe, || post(ticket::assign::assign)),
    route(Method::GET, "/api/v1/tickets/{id}/sla", READ, ticket::sla::describe, || get(ticket::sla::show)),
    route(Method::POST, "/api/v1/tickets/{id}/note", WORK, ticket::note::describe, || post(ticket::note::note)),
    route(Method::POST, "/api/v1/tickets/{id}/reply", WORK, ticket::reply::describe, || post(ticket::reply::reply)),
    route(Method::POST, "/api/v1/tickets/{id}/hold", WORK, ticket::hold::describe_hold, || post(ticket::hold::hold)),
    route(Method::POST, "/api/v1/tickets/{id}/release", WORK, ticket::hold::describe_release, || post(ticket::hold::release)),
    route(Method::POST, "/api/v1/tickets/{id}/resolve", WORK, ticket::resolve::describe, || post(ticket::resolve::resolve)),
    route(Method::POST, "/api/v1/tickets/{id}/reopen", WORK, ticket::reopen::describe, || post(ticket::reopen::reopen)),
    route(Method::POST, "/api/v1/tickets/{id}/relabel", WORK, ticket::relabel::describe, || post(ticket::relabel::relabel)),
    route(Method::POST, "/api/v1/tickets/{id}/move", WORK, ticket::hand_over::describe, || post(ticket::hand_over::hand_over)),
    route(Method::POST, "/api/v1/tickets/{id}/priority", WORK, ticket::priority::describe, || post(ticket::priority::set)),
    route(Method::POST, "/api/v1/tickets/{id}/merge", WORK, ticket::merge::describe_merge, || post(ticket::merge::merge)),
    route(Method::POST, "/api/v1/tickets/{id}/unmerge", WORK, ticket::merge::describe_unmerge, || post(ticket::merge::unmerge)),
    route(Method::POST, "/api/v1/tickets/{id}/split", WORK, ticket::split::describe, || post(ticket::split::split)),
    route(Method::GET, "/api/v1/states", READ, hold_state::describe, || get(hold_state::list)),
    route(Method::GET, "/api/v1/queues", READ, queue::describe, || get(queue::list)),
    route(Method::GET, LIVE, READ, live::open::describe, || get(live::open::open)),
    route(Method::GET, "/api/v1/incidents", READ, incident::list::describe, || get(incident::list::list)),
    route(Method::GET, "/api/v1/incidents/{id}", READ, incident::show::describe, || get(incident::show::show)),
    route(Method::POST, "/api/v1/incidents/{id}/acknowledge", WORK, incident::handle::describe_acknowledge, || post(incident::handle::acknowledge)),
    route(Method::POST, "/api/v1/incidents/{id}/close", WORK, incident::handle::describe_close, || post(incident::handle::close)),
    route(Method::POST, "/api/v1/incidents/{id}/false-alarm", WORK, incident::handle::describe_false_alarm, || post(incident::handle::dismiss)),
    route(Method::GET, "/api/v1/topics/{name}", READ, topic::read::describe, || get(topic::read::read)),
    route(Method::GET, "/api/v1/dead-letters", LETTERS, dead_letter::list::describe, || get(dead_letter::list::list)),
    route(Method::GET, "/api/v1/dead-letters/{id}", LETTERS, dead_letter::show::describe, || get(dead_letter::show::show)),
    route(Method::POST, "/api/v1/dead-letters/{id}/retry", LETTERS, dead_letter::retry::describe, || post(dead_letter::retry::retry)),
    route(Method::POST, "/api/v1/dead-letters/{id}/drop", LETTERS, dead_letter::discard::describe, || post(dead_letter::discard::discard)),
    route(Method::GET, "/api/v1/session", Needs::Credentials, session::show::describe, || get(session::show::show)),
    route(Method::DELETE, "/api/v1/session", Needs::Credentials, session::end::describe, || delete(session::end::end)),
    route(Method::GET, "/api/v1/sessions", Needs::Credentials, session::list::describe, || get(session::list::list)),
    route(Method::DELETE, "/api/v1/sessions/{id}", Needs::Credentials, session::revoke::describe, || delete(session::revoke::revoke)),
    route(Method::GET, "/api/v1/people", WORK, person::describe, || get(person::list)),
    route(Method::GET, "/api/v1/authors/{id}", READ, author::show::describe, || get(author::show::show)),
    route(Method::POST, "/api/v1/authors/{id}/links", WORK, author::link::describe_link, || post(author::link::link)),
    route(Method::DELETE, "/api/v1/authors/{id}/links/{name}", WORK, author::link::describe_unlink, || delete(author::link::unlink)),
    route(Method::GET, "/api/v1/tokens", TOKENS, token::list::describe, || get(token::list::list)),
    route(Method::POST, "/api/v1/tokens", TOKENS, token::create::describe, || post(token::create::create)),
    route(Method::DELETE, "/api/v1/tokens/{name}", TOKENS, token::revoke::describe, || delete(token::revoke::revoke)),
];

const fn route(
    method: Method,
    path: &'static str,
    needs: Needs,
    describe: fn() -> Description,
    handler: fn() -> MethodRouter<Inbox>,
) -> Route {
    Route {
        method,
        path,
        needs,
        describe,
        handler,
    }
}

/// The table as a router, each route behind its own door, and a door where there is no
/// route.
pub(crate) fn router(inbox: &Inbox) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let handler = (route.handler)();
        let action = match route.needs {
            Needs::Nothing => {
                router = router.route(route.path, handler);
                continue;
            }
            Needs::Credentials => None,
            Needs::Action(action) => Some(action),
        };
        let gate = Gate {
            inbox: inbox.clone(),
            action,
            sign_of_life: sign_of_life(route.path),
        };
        let guarded = handler.route_layer(from_fn_with_state(gate, guard));
        router = router.route(route.path, guarded);
    }
    router.fallback(page::fallback).with_state(inbox.clone())
}

/// A page that is only left open connects again and again; that alone keeps nobody logged in.
fn sign_of_life(path: &str) -> SignOfLife {
    if path == LIVE {
        SignOfLife::Missing
    } else {
        SignOfLife::Given
    }
}
