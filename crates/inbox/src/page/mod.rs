//! The agents' page: files that `make ui` built and this binary carries.
//!
//! | module | holds |
//! |---|---|
//! | [`files`] | the files of this build; none without the feature `embed-ui` |
//! | [`asset`] | scripts, styles and pictures, compressed where the browser takes it |
//! | [`shell`] | the one document that every address of the page shows |
//!
//! Files are for everybody: they hold no data. The document is for who is logged in; the door
//! in [`crate::http::gate`] shows everybody else the way in.

pub(crate) mod asset;
pub(crate) mod files;
pub(crate) mod shell;

use crate::http::gate::unknown_address;
use crate::state::Inbox;
use axum::extract::{Request, State};
use axum::response::Response;

/// Every address that is no route.
pub(crate) async fn fallback(State(inbox): State<Inbox>, request: Request) -> Response {
    let path = request.uri().path();
    match asset::answer(files::find, request.method(), path, request.headers()) {
        Some(file) => file,
        None => unknown_address(State(inbox), request).await,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;

    const BROWSER: &[(&str, &str)] = &[("accept", "text/html,application/xhtml+xml")];

    #[rstest]
    #[case::root("/")]
    #[case::a_ticket("/tickets/12")]
    #[case::a_queue("/queues/support")]
    #[case::an_incident("/incidents/3")]
    #[tokio::test]
    async fn every_address_of_the_page_shows_the_document(#[case] path: &str) {
        let world = World::new().await;
        let answer = world.call("ann", "GET", path, BROWSER, "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(
            answer
                .header("content-security-policy")
                .contains("script-src 'self'")
        );
        assert!(answer.page().contains("Switchboard"));
    }

    #[rstest]
    #[case::of_the_api("/api/v1/nothing", BROWSER)]
    #[case::for_a_program("/tickets/12", &[])]
    #[tokio::test]
    async fn what_is_not_the_page_is_not_there(
        #[case] path: &str,
        #[case] headers: &[(&str, &str)],
    ) {
        let world = World::new().await;
        let answer = world.call("ann", "GET", path, headers, "").await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }

    #[tokio::test]
    async fn who_is_not_logged_in_is_shown_the_way_in() {
        let world = World::new().await;
        let answer = world.call("", "GET", "/tickets/12", BROWSER, "").await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), "/login?next=/tickets/12");
    }
}
