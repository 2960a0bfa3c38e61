//! A person in a browser: forms, pages and a cookie.

use super::{Answer, World};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use std::net::SocketAddr;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;
use switchboard_domain::{Clock, Slug};
use switchboard_storage::sessions::LINK_LIFETIME;
use switchboard_storage::{NewLink, User};
use tower::ServiceExt;

/// The password of everybody who has one; a canary in logs and files.
pub(crate) const PASSWORD: &str = "seven canaries in a mine";

/// The secret of a link.
pub(crate) const LINK: &str = "a-link-that-nobody-guesses";

/// A browser with its cookie and its address.
pub(crate) struct Browser<'a> {
    world: &'a World,
    /// As it goes into `Cookie`.
    pub(crate) cookie: String,
    pub(crate) address: SocketAddr,
}

impl World {
    pub(crate) async fn add_user(&self, name: &str, role: &str, departments: &[&str]) {
        let user = User {
            name: name.into(),
            role: Role::parse(role).unwrap(),
            departments: departments
                .iter()
                .map(|name| Slug::from_any(name))
                .collect(),
        };
        let (by, now) = (by(), self.clock.now());
        assert!(self.store.people.create_user(user, &by, now).await.unwrap());
    }

    pub(crate) async fn disable(&self, name: &str) {
        let (by, now) = (by(), self.clock.now());
        let people = &self.store.people;
        assert!(people.set_disabled(name, true, &by, now).await.unwrap());
    }

    /// A link with the secret [`LINK`].
    pub(crate) async fn add_link(&self, name: &str) {
        let now = self.clock.now();
        let link = NewLink {
            secret: LINK.into(),
            user: name.into(),
            expires_at: now.checked_add(LINK_LIFETIME).unwrap(),
        };
        assert!(
            self.store
                .sessions
                .create_link(link, &by(), now)
                .await
                .unwrap()
        );
    }

    /// One that was never here before.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookie: String::new(),
            address: "192.0.2.7:1234".parse().unwrap(),
        }
    }

    /// An agent of `support` with a password, and a browser in which nobody is logged in.
    pub(crate) async fn with_person(&self, name: &str) -> Browser<'_> {
        self.add_user(name, "agent", &["support"]).await;
        let hash = self.hash().await;
        let (by, now) = (by(), self.clock.now());
        let set = self.store.people.set_password(name, hash, None, &by, now);
        assert!(set.await.unwrap());
        self.browser()
    }

    async fn hash(&self) -> switchboard_storage::PasswordHash {
        use crate::session::password::{Password, Passwords};
        let password = Password::new(PASSWORD.into());
        Passwords::default().hash(password, [7; 16]).await.unwrap()
    }
}

impl Browser<'_> {
    /// Opens an address.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[("accept", "text/html")], "").await
    }

    /// Sends a form of ours.
    pub(crate) async fn submit(&mut self, path: &str, fields: &str) -> Answer {
        self.send("POST", path, &[FORM, OWN_PAGE], fields).await
    }

    /// Logs in with name and password.
    pub(crate) async fn log_in(&mut self, name: &str, password: &str) -> Answer {
        let password = password.replace(' ', "+");
        self.submit("/login", &format!("name={name}&password={password}"))
            .await
    }

    /// What the page's own script asks for.
    pub(crate) async fn fetch(&mut self, method: &str, path: &str) -> Answer {
        self.send(method, path, &[OWN_PAGE], "").await
    }

    /// Any request, with the cookie; keeps what the answer makes of it.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.address));
        let answer = self.world.router.clone().oneshot(request).await.unwrap();
        let answer = Answer::read(answer).await;
        if let Some((cookie, _)) = answer.header("set-cookie").split_once(';') {
            cookie.clone_into(&mut self.cookie);
        }
        answer
    }
}

/// A form as browsers send it.
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What browsers say of a request that a page of ours makes.
pub(crate) const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");

fn by() -> Actor {
    Actor::System("test".into())
}
